import type { Sentiment } from '../domain/item.js';

/** Text in, sentiment out. Pure, never throws, whatever the text. */
export interface Scorer {
  /** Changes whenever any score could; stored with each score. */
  readonly version: string;
  score(text: string): Sentiment;
}
