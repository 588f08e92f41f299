import { type Static, Type } from 'typebox';

/**
 * The part of Reddit's objects that we use; they have about a hundred more fields, which
 * may come and go. Ranges were read off recordings of 2005 to 2026.
 */
const id = Type.String({ pattern: '^[a-z0-9]{1,16}$' });
const fullname = Type.String({ pattern: '^t[1-6]_[a-z0-9]{1,16}$' });
const created = Type.Number({ minimum: 1_100_000_000, maximum: 253_402_300_799 });
/** Absent on deleted accounts in some answers, `[deleted]` in others. */
const author = Type.Optional(Type.Union([Type.String(), Type.Null()]));
/** Far above anything Reddit has, and far below what a database or JSON would distort. */
const LARGEST_COUNT = 2 ** 31;
const score = Type.Integer({ minimum: -LARGEST_COUNT, maximum: LARGEST_COUNT });
const flag = Type.Optional(Type.Union([Type.Boolean(), Type.Null()]));

export const RedditPost = Type.Object({
  id,
  name: fullname,
  subreddit: Type.String({ minLength: 1 }),
  author,
  title: Type.String(),
  selftext: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  url: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  permalink: Type.String(),
  created_utc: created,
  score,
  num_comments: Type.Integer({ minimum: 0, maximum: LARGEST_COUNT }),
  stickied: flag,
  removed_by_category: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
export type RedditPost = Static<typeof RedditPost>;

export const RedditComment = Type.Object({
  id,
  name: fullname,
  subreddit: Type.String({ minLength: 1 }),
  author,
  body: Type.String(),
  /** Missing in recordings before 2017. */
  permalink: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  link_id: fullname,
  parent_id: fullname,
  created_utc: created,
  score,
  stickied: flag,
});
export type RedditComment = Static<typeof RedditComment>;

/** A page of a listing before its children are looked at one by one. */
export const RedditListing = Type.Object({
  kind: Type.Literal('Listing'),
  data: Type.Object({
    children: Type.Array(Type.Object({ kind: Type.String(), data: Type.Unknown() })),
    after: Type.Union([fullname, Type.Null()]),
  }),
});
export type RedditListing = Static<typeof RedditListing>;

/** A thread: the post's listing and that of its comments. */
export const RedditThread = Type.Array(RedditListing, { minItems: 2, maxItems: 2 });

/** Stands in a thread for comments that are not shown; empty for "continue this thread". */
export const MoreObject = Type.Object({
  children: Type.Array(Type.String({ pattern: '^[a-z0-9]{1,16}$' })),
});

export const MoreChildren = Type.Object({
  json: Type.Object({
    data: Type.Object({ things: RedditListing.properties.data.properties.children }),
  }),
});
