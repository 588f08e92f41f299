import type { NewComment, NewPost, Sentiment } from '../../src/domain/item.js';

export function aSentiment(overrides: Partial<Sentiment> = {}): Sentiment {
  return {
    label: 'positive',
    score: 0.5,
    confidence: 0.8,
    method: 'lexicon',
    scorer_version: 'test-1',
    ...overrides,
  };
}

/** A post that counts; ids are the caller's business where there are several. */
export function aPost(overrides: Partial<NewPost> = {}): NewPost {
  const id = overrides.id ?? 'p1';
  const subreddit = overrides.subreddit ?? 'claude';
  return {
    id,
    subreddit,
    author: 'someone',
    title: 'A title',
    content: 'Some text.',
    url: 'https://example.org/',
    permalink: `/r/${subreddit}/comments/${id}/a_title/`,
    created_utc: '2026-01-15T11:30:00.000Z',
    upvotes: 10,
    comment_count: 2,
    sentiment: aSentiment(),
    excluded: null,
    edited_at: null,
    ...overrides,
  };
}

export function aComment(overrides: Partial<NewComment> = {}): NewComment {
  const id = overrides.id ?? 'c1';
  const subreddit = overrides.subreddit ?? 'claude';
  return {
    id,
    post_id: 'p1',
    parent_id: 't3_p1',
    subreddit,
    author: 'somebody',
    content: 'An answer.',
    permalink: `/r/${subreddit}/comments/p1/a_title/${id}/`,
    created_utc: '2026-01-15T11:40:00.000Z',
    upvotes: 1,
    sentiment: aSentiment({ label: 'neutral', score: 0 }),
    excluded: null,
    edited_at: null,
    ...overrides,
  };
}
