import type { Invariant } from './judge.js';
import { PROTOCOL, type Rules } from './rules.js';

/** The protocol without one of its rules. */
export interface Control {
  name: string;
  rules: Rules;
  /** What has to be seen broken, else the model does not show what the rule is for. */
  breaks: Invariant;
}

const ROLLUPS = 'rollups are recounts';
const LOST = 'nothing stored is lost';
const WATERMARK = 'nothing below the watermark is missing';
const LEASE = 'each lease has an epoch of its own';
const STAMP = 'a stamped head keeps older epochs out';
const FENCE = 'who lost the lease writes nothing';
const VERSION = 'the version covers what was written';
const WHOLE = 'readers see a whole state';
const RECENT = 'readers are as recent as the version';

const without = (rule: keyof Rules, name: string, breaks: Invariant): Control => ({
  ...{ name, breaks },
  rules: { ...PROTOCOL, [rule]: false },
});

/**
 * The protocol with less said to fewer: a take-over moves the version with the lease, makes no heads,
 * and nothing keeps a former holder from moving the version, which names no seqs; readers look at the
 * heads also where it stands still. It does not promise that a version covers all that was written
 * before somebody was told it, nor that who lost the lease stops at once, where no head was, and at
 * the version. All else holds, and all is seen in the end.
 */
export const LENIENT: { rules: Rules; forgives: readonly Invariant[] } = {
  rules: {
    ...PROTOCOL,
    stampBeforeVersion: false,
    createHeads: false,
    versionFence: false,
    versionTellsSeqs: false,
    readersLookAgain: true,
  },
  forgives: [FENCE, VERSION, RECENT],
};

/** Each rule removed, alone. */
export const CONTROLS: readonly Control[] = [
  without('headIfMatch', 'the head is replaced whatever it is', ROLLUPS),
  without('recompute', 'the server adds the difference, to whatever is there', ROLLUPS),
  without('atomicBatch', 'head, items and rollups are written one by one', ROLLUPS),
  without('readAgain', 'after a refusal the head alone is read again', ROLLUPS),
  without('doubtUnanswered', 'a batch without an answer is taken for written', LOST),
  without('announceUnanswered', 'what was written without an answer is not announced', VERSION),
  without('headAfterItems', 'the head that was read before the items is announced', RECENT),
  without('writerSession', 'a writer reads whatever a replica has', ROLLUPS),
  without('watermarkLast', 'the watermark moves with the first batch', WATERMARK),
  without('failureEndsSubreddit', 'the watermark moves past a failed batch', WATERMARK),
  without('leaseIfMatch', 'the lease is taken whoever has it', LEASE),
  without('stampHeads', 'the new epoch is not stamped into the heads', FENCE),
  without('createHeads', 'a take-over makes no heads', FENCE),
  without('checkEpoch', 'a newer epoch in the head is overlooked', STAMP),
  without('keepEpoch', 'an import resets the epoch of the head', STAMP),
  without('retentionRecounts', 'retention leaves the rollups alone', ROLLUPS),
  without('keepEmptied', 'a rollup without items is deleted', WHOLE),
  without('takeoverMovesVersion', 'a take-over does not move the version', VERSION),
  without('stampBeforeVersion', 'a take-over moves the version before it stamps', VERSION),
  without('versionLast', 'the version moves before the batch', VERSION),
  without('versionIfMatch', 'the version is replaced whatever it is', VERSION),
  without('versionFence', 'who lost the lease moves the version', FENCE),
  without('doubtVersion', 'a move without an answer is taken for done', VERSION),
  without('versionTellsSeqs', 'the version does not tell the seqs', RECENT),
  without('readerComparesSeq', 'readers do not look at the head again', WHOLE),
  without('readerSession', 'readers bring no session token', WHOLE),
  without('readerTokenMovesOn', 'readers bring the first token to the last read', WHOLE),
  without('readersClamp', 'readers look at what is past retention', WHOLE),
  without('ttlMargin', 'documents expire as soon as retention ends', WHOLE),
];
