import { existsSync } from 'node:fs';
import test from 'ava';
import { assessComment, assessPost, storable } from '../../src/collect/assess.js';
import type { Exclusion } from '../../src/domain/item.js';
import type { RedditComment, RedditPost } from '../../src/reddit/schemas.js';
import { createLexiconScorer } from '../../src/scorer/lexicon.js';
import { redditComment, redditPost } from '../support/fake-reddit.js';
import { readRows } from '../support/shared-data.js';

const scorer = createLexiconScorer();
const post = (overrides: Record<string, unknown> = {}) =>
  assessPost((redditPost('abc', overrides) as { data: RedditPost }).data, 'AWS', scorer);
const comment = (overrides: Record<string, unknown> = {}) =>
  assessComment((redditComment('xyz', overrides) as { data: RedditComment }).data, 'AWS', scorer);

test('a post keeps what Reddit says, under the configured name of its subreddit', (t) => {
  t.like(post(), {
    id: 'abc',
    subreddit: 'AWS',
    author: 'someone',
    content: 'I love it',
    created_utc: '2026-01-15T12:00:00.000Z',
    upvotes: 3,
    comment_count: 1,
    excluded: null,
    sentiment: { label: 'positive' },
  });
});

test('title and body are scored together', (t) => {
  t.is(post({ title: 'Terrible, awful, broken', selftext: 'good' }).sentiment.label, 'negative');
});

test('a comment knows its post, and has no word of its title in its permalink', (t) => {
  for (const given of [undefined, '/r/AWS/comments/abc/the_title/xyz/']) {
    const { post_id, permalink } = comment({ permalink: given });
    t.is(post_id, 'abc');
    t.is(permalink, '/r/AWS/comments/abc/_/xyz/');
  }
});

const exclusions: [given: Record<string, unknown>, excluded: Exclusion | null][] = [
  [{}, null],
  [{ stickied: true }, 'stickied'],
  [{ author: 'AutoModerator' }, 'automoderator'],
  [{ author: 'AutoModerator', stickied: true }, 'automoderator'],
  [{ author: '[deleted]' }, null],
  [{ selftext: '[deleted]', author: '[deleted]' }, 'deleted'],
  [{ selftext: '[removed]', author: 'AutoModerator' }, 'removed'],
  [{ removed_by_category: 'deleted', selftext: '' }, 'deleted'],
  [{ removed_by_category: 'moderator', selftext: '' }, 'removed'],
];
for (const [given, excluded] of exclusions) {
  test(`a post with ${JSON.stringify(given)} is ${excluded ?? 'counted'}`, (t) => {
    t.is(post(given).excluded, excluded);
  });
}

test('a comment is excluded likewise', (t) => {
  t.is(comment({ body: '[removed]' }).excluded, 'removed');
  t.is(comment({ author: 'AutoModerator' }).excluded, 'automoderator');
  t.is(comment({ author: undefined }).author, '[deleted]');
});

test('text is made storable and otherwise left alone', (t) => {
  t.is(storable('a\0b'), 'a\uFFFDb');
  t.is(storable('half \uD83D of an emoji'), 'half \uFFFD of an emoji');
  t.is(storable('\uD83D\uDE00 <b>&amp;</b> مرحبا'), '\uD83D\uDE00 <b>&amp;</b> مرحبا');
});

const recordings = '../shared/data/wire/t3_posts.ndjson.gz';
const onRecordings = existsSync(recordings) ? test : test.skip;
onRecordings('every recorded post is assessed (skips without ../shared)', (t) => {
  const rows = readRows<{ data: RedditPost }>(recordings);
  for (const { data } of rows) {
    const assessed = assessPost(data, data.subreddit, scorer);
    t.true(Number.isFinite(assessed.sentiment.score));
  }
});
