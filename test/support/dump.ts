/** A post as dumps hold it: bare, with text for numbers. */
export function dumpPost(id: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...{ id, name: `t3_${id}`, subreddit: 'Advice', title: `Post ${id}`, selftext: 'Good.' },
    ...{ url: 'http://example.org/', permalink: `http://www.reddit.com/r/Advice/comments/${id}/x` },
    ...{ created_utc: '1361244410.0', score: '38', num_comments: '52', edited: 'False' },
    ...more,
  };
}

/** A comment as Reddit gives it, bare. */
export function dumpComment(
  id: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    ...{ id, name: `t1_${id}`, subreddit: 'Advice', author: 'a', body: 'Thanks.' },
    ...{ link_id: 't3_p1', parent_id: 't3_p1', created_utc: 1_361_244_500, score: 1 },
    ...more,
  };
}

/** Lines of a file: objects as JSON, text as it is. */
export function ndjson(...lines: (string | Record<string, unknown>)[]): string {
  return lines
    .map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`)
    .join('');
}
