/**
 * What a request costs, in request units (RU): a model, deterministic and independent of time.
 *
 * Published by Microsoft ("Optimize request cost in Azure Cosmos DB"):
 * - a point read: 1 RU for an item of 1 KB, 10 RU for 100 KB;
 * - a write without any indexing: 5 RU for 1 KB, 50 RU for 100 KB; more with every indexed
 *   property; a replacement costs about twice an insertion, since the old version's terms leave
 *   the index as well; a deletion reads no content back and costs like an insertion.
 *   A newer table ("Understand request unit consumption") has 1.04 RU for a read and 6.29 RU for
 *   a write of 2 KB, so between the published points this model is the cheaper for small writes
 *   and the dearer for large reads.
 *
 * Assumed, because nothing is published for it:
 * - the line between the two published sizes goes on past 100 KB, and nothing is below the charge
 *   of 1 KB;
 * - an indexed value costs 0.15 RU, a composite index 0.15 RU per item: an item of 1 KB with ten
 *   indexed values comes to 6.5 RU;
 * - a query costs 2.3 RU for each range it is sent to (queries that find next to nothing are
 *   commonly shown with 2.3 to 2.9 RU), 0.05 RU and 0.045 RU per KB for every item it loads,
 *   which makes 9.5 RU of 100 items of 1 KB, and 0.002 RU for every entry of the index that it
 *   passes;
 * - a filter that no index serves loads every item that the served filters leave: without any,
 *   the whole partition;
 * - a query plan and the description of the account, a database or a container cost 0, 1 and 2 RU
 *   in this order; a read that finds nothing, or a refused condition, costs like one of 1 KB.
 */

const KB = 1024;
const READ_RU = { least: 1, at100Kb: 10 };
const WRITE_RU = { least: 5, at100Kb: 50 };
const INDEXED_VALUE_RU = 0.15;
const QUERY_RU = 2.3;
const LOADED_ITEM_RU = 0.05;
const LOADED_KB_RU = 0.045;
const INDEX_ENTRY_RU = 0.002;

/** Reading the description of a database or container; changing one. */
export const METADATA_RU = { read: 1, write: 5 };

export function readCharge(bytes: number): number {
  return line(READ_RU, bytes);
}

/** @param terms indexed values of the item and its entries in composite indexes. */
export function insertCharge(bytes: number, terms: number): number {
  return line(WRITE_RU, bytes) + INDEXED_VALUE_RU * terms;
}

export function replaceCharge(bytes: number, terms: number): number {
  return 2 * insertCharge(bytes, terms);
}

export function deleteCharge(bytes: number, terms: number): number {
  return insertCharge(bytes, terms);
}

/** What a query did within one range for one page. */
export interface QueryWork {
  loadedItems: number;
  loadedBytes: number;
  indexEntries: number;
}

export function queryCharge({ loadedItems, loadedBytes, indexEntries }: QueryWork): number {
  return (
    QUERY_RU +
    LOADED_ITEM_RU * loadedItems +
    LOADED_KB_RU * (loadedBytes / KB) +
    INDEX_ENTRY_RU * indexEntries
  );
}

function line({ least, at100Kb }: typeof READ_RU, bytes: number): number {
  return least + ((at100Kb - least) * Math.max(0, bytes / KB - 1)) / 99;
}

/** As the header says it: two decimals. */
export function rounded(charge: number): number {
  return Math.round(charge * 100) / 100;
}
