import type { NewComment, NewPost } from '../domain/item.js';

/**
 * What imports of dumps need. They hold no lease: they move no watermark and change no item
 * that is there, so they may run beside a cycle.
 */
export interface ImportStore {
  /**
   * Stores those of at most MAX_BATCH items of one subreddit whose ids are unknown, with the
   * hourly rollups they move and the data version, in one atomic step. What is stored already
   * is newer knowledge than a dump and stays as it is; the first version of an id wins, also
   * within a batch. An unknown subreddit becomes known, in state `unknown`; a known one
   * keeps its spelling.
   */
  importItems(batch: ImportBatch): Promise<ImportResult>;
  /** How far an import has come; null when it never began. */
  importProgress(key: string): Promise<ImportProgress | null>;
  /** Overwrites it. */
  saveImport(progress: ImportProgress): Promise<void>;
}

export interface ImportBatch {
  subreddit: string;
  posts: NewPost[];
  comments: NewComment[];
  /** Marks the items, those that were known included, as exempt from retention. */
  keepHistory: boolean;
}

export interface ImportResult {
  posts_new: number;
  comments_new: number;
  /** Items whose id was stored already, or stood earlier in the batch. */
  known: number;
  data_version: number;
}

export interface ImportProgress {
  /** Names the content of a file and the options that matter. */
  key: string;
  /** What the file was called, for people who look at the table. */
  file: string;
  /** Lines from the start whose items are stored. */
  lines: number;
  /** What is added to every time; null without retiming. */
  shift_ms: number | null;
  counts: ImportCounts;
  /** Whether the end of the file was reached. */
  finished: boolean;
}

export interface ImportCounts {
  posts_new: number;
  comments_new: number;
  known: number;
  skipped: Record<string, SkippedLines>;
}

export interface SkippedLines {
  count: number;
  /** Numbers of the first few. */
  lines: number[];
}
