import { type Static, Type } from 'typebox';

/**
 * The part of Reddit's objects that we use; they have about a hundred more fields, which
 * may come and go. Ranges were read off recordings of 2005 to 2026, where one id has capitals.
 */
/**
 * Texts are bounded far above Reddit's own limits (40,000 characters for a text, 300 for a
 * title; the longest on record have 23,645 and 426): one hostile object must not fill the
 * database, and all of it, escaped as JSON, has to fit a document of 2 MB. `maxLength`
 * counts code points, in linear time.
 */
const MAX_TEXT_CHARACTERS = 256 * 1024;
const MAX_LINE_CHARACTERS = 16 * 1024;
const text = Type.String({ maxLength: MAX_TEXT_CHARACTERS });
const line = Type.String({ maxLength: MAX_LINE_CHARACTERS });
const optionalLine = Type.Optional(Type.Union([line, Type.Null()]));
const id = Type.String({ pattern: '^[A-Za-z0-9]{1,16}$' });
const fullname = Type.String({ pattern: '^t[1-6]_[A-Za-z0-9]{1,16}$' });
export const CreatedUtc = Type.Number({ minimum: 1_100_000_000, maximum: 253_402_300_799 });
/** Absent on deleted accounts in some answers, `[deleted]` in others. */
const author = optionalLine;
/** Far above anything Reddit has, and far below what a database or JSON would distort. */
const LARGEST_COUNT = 2 ** 31;
const score = Type.Integer({ minimum: -LARGEST_COUNT, maximum: LARGEST_COUNT });
const subreddit = Type.String({ minLength: 1, maxLength: MAX_LINE_CHARACTERS });
const flag = Type.Optional(Type.Union([Type.Boolean(), Type.Null()]));
/** False, or when; `true` in recordings of before 2012. Nonsense costs no item: see assess.ts. */
const edited = Type.Optional(Type.Unknown());

export const RedditPost = Type.Object({
  id,
  name: fullname,
  subreddit,
  author,
  title: line,
  selftext: Type.Optional(Type.Union([text, Type.Null()])),
  url: optionalLine,
  permalink: line,
  created_utc: CreatedUtc,
  score,
  num_comments: Type.Integer({ minimum: 0, maximum: LARGEST_COUNT }),
  stickied: flag,
  edited,
  removed_by_category: optionalLine,
});
export type RedditPost = Static<typeof RedditPost>;

export const RedditComment = Type.Object({
  id,
  name: fullname,
  subreddit,
  author,
  body: text,
  /** Missing in recordings before 2017. */
  permalink: optionalLine,
  link_id: fullname,
  parent_id: fullname,
  created_utc: CreatedUtc,
  score,
  stickied: flag,
  edited,
});
export type RedditComment = Static<typeof RedditComment>;

/** A page of a listing before its children are looked at one by one. */
export const RedditListing = Type.Object({
  kind: Type.Literal('Listing'),
  data: Type.Object({
    children: Type.Array(Type.Unknown()),
    after: Type.Union([fullname, Type.Null()]),
  }),
});

/** A thread: the post's listing and that of its comments. */
export const RedditThread = Type.Array(RedditListing, { minItems: 2, maxItems: 2 });

/** Stands in a thread for comments that are not shown; empty for "continue this thread". */
export const MoreObject = Type.Object({
  children: Type.Array(id),
});

export const MoreChildren = Type.Object({
  json: Type.Object({
    data: Type.Object({ things: RedditListing.properties.data.properties.children }),
  }),
});
