import { type Static, type TProperties, type TSchema, Type } from 'typebox';
import { CYCLE_STATUSES, CYCLE_TRIGGERS, GAP_STATUSES, SUBREDDIT_STATES } from '../domain/cycle.js';
import { LABELS } from '../domain/item.js';

/**
 * Shapes that several routes share. One definition gives the type of a handler's answer, its
 * serialisation, the check of what comes in, and the OpenAPI document, where a schema
 * with a title is a component of that name.
 */

/** Written so because the serialiser handles a list of types far faster than an `anyOf`. */
export function nullable<T extends TSchema>(schema: T) {
  const { type, title: _named, ...rest } = schema as { type?: string; title?: string };
  return Type.Unsafe<Static<T> | null>({ ...rest, type: [type ?? 'object', 'null'] });
}

/**
 * The same with a description of its own, for the document that is made of the schemas. TypeBox
 * marks what is optional by a property that a spread would leave behind.
 */
export function described<T extends TSchema>(schema: T, description: string): T {
  const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(schema)) as T;
  return Object.assign(copy, { description });
}

/** A closed set of words. */
export function words<const T extends readonly string[]>(values: T, description?: string) {
  const about = description === undefined ? {} : { description };
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...about });
}

/** A query string in which anything unknown is an error, not silently ignored. */
export function query<T extends TProperties>(properties: T) {
  return Type.Object(properties, { additionalProperties: false });
}

export const Time = Type.String({
  description: 'UTC, ISO 8601 with milliseconds',
  format: 'date-time',
});
export const Count = Type.Integer({ minimum: 0 });

export const SubredditParameter = Type.Optional(
  Type.String({
    description: 'the name of a subreddit, without r/; "all" or nothing for all together',
    minLength: 1,
    maxLength: 64,
  }),
);

export const hoursParameter = (fallback: number, maximum = 2160) =>
  Type.Integer({
    description: 'length of the window in hours',
    minimum: 1,
    maximum,
    default: fallback,
  });

export const limitParameter = (fallback: number, maximum: number) =>
  Type.Integer({ description: 'most entries', minimum: 1, maximum, default: fallback });

/** Far more than the longest cursor of ours. */
const CURSOR_LIMIT = 300;

export const cursorParameter = Type.Optional(
  Type.String({
    description: 'the cursor of the Link header of the page before',
    minLength: 1,
    maxLength: CURSOR_LIMIT,
  }),
);

export const PostParams = Type.Object({
  id: Type.String({
    description: "Reddit's id of a post: 1 to 16 lower-case letters and digits, without t3_",
    pattern: '^[a-z0-9]{1,16}$',
  }),
});

export const Sentiment = Type.Object(
  {
    label: words(LABELS),
    score: Type.Number({ minimum: -1, maximum: 1 }),
    confidence: Type.Number({ minimum: 0, maximum: 1 }),
    method: Type.String(),
    scorer_version: Type.String(),
  },
  { title: 'Sentiment' },
);

export const Post = Type.Object(
  {
    id: Type.String(),
    subreddit: Type.String(),
    author: Type.String(),
    title: Type.String(),
    content: Type.String(),
    url: Type.String(),
    permalink: Type.String(),
    created_utc: Time,
    upvotes: Type.Integer(),
    comment_count: Count,
    collected_at: Time,
    updated_at: Time,
    sentiment: Sentiment,
  },
  { title: 'Post' },
);

export const Comment = Type.Object(
  {
    id: Type.String({ description: "Reddit's id without t1_" }),
    post_id: Type.String({ description: 'without t3_; the post itself may not be stored' }),
    parent_id: Type.String({
      description: "Reddit's fullname of what it answers: the post (t3_…) or a comment (t1_…)",
    }),
    subreddit: Type.String(),
    author: Type.String(),
    content: Type.String(),
    permalink: Type.String(),
    created_utc: Time,
    upvotes: Type.Integer({ description: 'as last refreshed; may be negative' }),
    collected_at: Time,
    updated_at: Time,
    sentiment: Sentiment,
  },
  { title: 'Comment' },
);

const CycleError = Type.Object(
  {
    at: Time,
    subreddit: nullable(Type.String()),
    code: Type.String(),
    message: Type.String(),
    attempt: Type.Integer(),
  },
  { title: 'CycleError' },
);

const stretch = {
  kind: words(['post', 'comment']),
  from: Type.String({ description: 'the last item known before: the watermark then, UTC' }),
  to: Type.String({ description: 'the oldest item that the listing still held, UTC' }),
  missing: described(
    nullable(Count),
    'items that are missing: comments as Reddit counts them, null until that was looked at; posts by an estimate',
  ),
};

const Gap = Type.Object(stretch, { title: 'Gap' });

/** A stretch in which items are missing, because Reddit's listing no longer reached it. */
export const GapOnRecord = Type.Object(
  {
    subreddit: Type.String(),
    ...stretch,
    status: words(GAP_STATUSES, 'open while it can still be repaired, then closed or lost'),
    found_at: Time,
    settled_at: nullable(Time),
  },
  { title: 'GapOnRecord' },
);

const SubredditResult = Type.Object(
  {
    name: Type.String(),
    state: words(SUBREDDIT_STATES),
    posts_new: Count,
    posts_seen: Count,
    comments_new: Count,
    comments_seen: Count,
    skipped: Type.Record(Type.String(), Count),
    requests: Count,
    duration_ms: Type.Number(),
    gap: nullable(Gap),
    error: nullable(CycleError),
  },
  { title: 'SubredditResult' },
);

const asking = { asked: Count, changed: Count, requests: Count, left: Count };

const Upkeep = Type.Object(
  {
    repair: described(
      Type.Object({
        ...{ threads: Count, posts_new: Count, comments_new: Count, requests: Count, left: Count },
      }),
      'threads read because Reddit counts more comments in them than are stored',
    ),
    refresh: described(Type.Object(asking), 'young items asked for again'),
    sweep: described(Type.Object(asking), 'part of the walk that looks for what was deleted'),
    blanked: described(Count, 'items whose text and author were erased'),
  },
  { title: 'Upkeep' },
);

export const Cycle = Type.Object(
  {
    id: Type.String(),
    started_at: Time,
    finished_at: nullable(Time),
    status: words(CYCLE_STATUSES),
    trigger: words(CYCLE_TRIGGERS),
    subreddits: Type.Array(SubredditResult),
    errors: Type.Array(CycleError),
    memory_start_mb: Type.Number(),
    memory_end_mb: nullable(Type.Number()),
    duration_ms: nullable(Type.Number()),
    upkeep: described(
      nullable(Upkeep),
      'what it did after its listings; null while it has not come to that',
    ),
  },
  { title: 'Cycle' },
);

export const Figures = {
  total: Count,
  positive: Count,
  negative: Count,
  neutral: Count,
  avg_sentiment: Type.Number({ minimum: -1, maximum: 1 }),
};
