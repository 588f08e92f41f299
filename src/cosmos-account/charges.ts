/**
 * What a request costs, in request units (RU): a model, deterministic and independent of time.
 *
 * Published by Microsoft:
 * - a point read costs 1 RU for an item of 1 KB and 10 RU for 100 KB; inserting 1 KB without
 *   indexing about 5.5 RU; replacing an item twice what inserting it costs ("Optimize request
 *   cost in Azure Cosmos DB");
 * - with the size of the item: 1.04 RU to read and 6.29 RU to write 2 KB, 9.95 RU and 48.19 RU
 *   for 128 KB ("Understand request unit consumption"), so between its two points this model is
 *   dear for reads and cheap for small writes;
 * - a query that returns a thousand items of 1 KB costs 1000 RU, as the first of these says in
 *   passing. This model comes to a tenth of that, which is an assumption and may flatter: for an
 *   upper bound of a query take ten times what it loads here.
 *
 * Assumed, because nothing is published for it:
 * - 50 RU to insert 100 KB; the lines between the sizes are straight, go on past 100 KB, and
 *   nothing is below the charge of 1 KB;
 * - an indexed value costs 0.15 RU, a composite index 0.15 RU per item: inserting 1 KB with ten
 *   indexed values comes to 7 RU; a deletion costs like an insertion;
 * - a query costs 2.3 RU for each range it is sent to, 0.05 RU and 0.045 RU per KB for every item
 *   it loads, which makes 9.5 RU of 100 items of 1 KB, and 0.002 RU for every entry of an index
 *   that it passes;
 * - a filter that no index serves loads every item that the served filters leave: without any,
 *   the whole partition; an aggregate of indexed values loads none;
 * - a query plan, the account and the ranges cost nothing, describing a database or container
 *   1 RU, changing one 5 RU; what finds nothing or is refused costs like a read of 1 KB.
 */

const KB = 1024;
const READ_RU = { least: 1, at100Kb: 10 };
const WRITE_RU = { least: 5.5, at100Kb: 50 };
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
