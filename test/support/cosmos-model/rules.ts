/** The rules of the protocol, each of which can be left out to see what it is for. */
export interface Rules {
  /** A batch replaces the head only as it was read. */
  headIfMatch: boolean;
  /** Rollups are what was read plus the difference; else the difference is added by the server. */
  recompute: boolean;
  /** Head, items and rollups are written in one batch. */
  atomicBatch: boolean;
  /** After no answer, and after a refusal, everything is read again; else the head alone. */
  readAgain: boolean;
  /** No answer says nothing; else it is taken for success. */
  doubtUnanswered: boolean;
  /** What may have been written is announced, also when the next look finds nothing left to do. */
  announceUnanswered: boolean;
  /** Who finds nothing left to do reads the head behind the items, and announces that one. */
  headAfterItems: boolean;
  /** The reads before a batch are of one session. */
  writerSession: boolean;
  /** The watermark comes with a subreddit's last batch; else with the first. */
  watermarkLast: boolean;
  /** A failed batch ends its subreddit, so that the watermark does not pass it. */
  failureEndsSubreddit: boolean;
  /** A lease is taken only as it was read. */
  leaseIfMatch: boolean;
  /** Who takes the lease stamps its epoch into each head. */
  stampHeads: boolean;
  /** Heads that are not there yet are made at the take-over; else the first batch looks at the lease. */
  createHeads: boolean;
  /** Who meets a head of a newer epoch stops. */
  checkEpoch: boolean;
  /** Who writes without a lease leaves the head's epoch as it is. */
  keepEpoch: boolean;
  /** Retention takes items out of their day's rollup. */
  retentionRecounts: boolean;
  /** A rollup without items stays, with the seq of the batch that emptied it. */
  keepEmptied: boolean;
  /** A take-over moves the version. */
  takeoverMovesVersion: boolean;
  /** It does so after all heads are stamped. */
  stampBeforeVersion: boolean;
  /** The version moves after the batch. */
  versionLast: boolean;
  /** It is replaced only as it was read. */
  versionIfMatch: boolean;
  /** Who meets a version of a newer epoch does not move it. */
  versionFence: boolean;
  /** A move without an answer is made again; else it is taken for done. */
  doubtVersion: boolean;
  /** The version names the seq of each subreddit, and readers wait for that. */
  versionTellsSeqs: boolean;
  /** Readers look at the heads also where the version has not moved: no part of the protocol. */
  readersLookAgain: boolean;
  /** Readers read the head again, and take the data only when its seq is the same. */
  readerComparesSeq: boolean;
  /** Readers' calls are of one session. */
  readerSession: boolean;
  /** That session moves on with each answer: the second head is not older than the data. */
  readerTokenMovesOn: boolean;
  /** Readers leave out what is past retention. */
  readersClamp: boolean;
  /** Documents live two days longer than readers look. */
  ttlMargin: boolean;
}

/** The whole protocol. */
export const PROTOCOL: Rules = {
  headIfMatch: true,
  recompute: true,
  atomicBatch: true,
  readAgain: true,
  doubtUnanswered: true,
  announceUnanswered: true,
  headAfterItems: true,
  writerSession: true,
  watermarkLast: true,
  failureEndsSubreddit: true,
  leaseIfMatch: true,
  stampHeads: true,
  createHeads: true,
  checkEpoch: true,
  keepEpoch: true,
  retentionRecounts: true,
  keepEmptied: true,
  takeoverMovesVersion: true,
  stampBeforeVersion: true,
  versionLast: true,
  versionIfMatch: true,
  versionFence: true,
  doubtVersion: true,
  versionTellsSeqs: true,
  readersLookAgain: false,
  readerComparesSeq: true,
  readerSession: true,
  readerTokenMovesOn: true,
  readersClamp: true,
  ttlMargin: true,
};
