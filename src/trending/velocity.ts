import { HOUR_MS } from '../domain/window.js';

const WEIGHT_OF_COMMENT = 3;

/**
 * How fast people engage with a post: upvotes per hour of its age at `endMs` and three times its
 * comments per hour; half as much again under 6 hours of age, a fifth under 12. In its first hour a
 * post counts as an hour old, or its first vote would outrun everything.
 */
export function velocityOf(
  post: { createdMs: number; upvotes: number; comments: number },
  endMs: number,
): number {
  const hours = Math.max(1, (endMs - post.createdMs) / HOUR_MS);
  const boost = hours < 6 ? 1.5 : hours < 12 ? 1.2 : 1;
  return ((post.upvotes + WEIGHT_OF_COMMENT * post.comments) / hours) * boost;
}
