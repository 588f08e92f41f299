import type {} from '@fastify/swagger'; // types the fields of a schema that only the document uses
import type { ErrorCode } from '../errors.js';

export const TAGS = {
  posts: 'What was collected, newest first',
  sentiment: 'Counts and means over windows of time',
  topics: 'What is talked about more than before',
  subreddits: 'The watched communities and their state',
  collections: 'What collection did, and what it could not reach',
  admin: 'Actions; they need the bearer token',
  operations: 'Health, metrics and what else a monitor asks for',
} as const;

/** What a route says of itself beside its schemas. */
export interface Description {
  /** operationId. The same route below the prefix, where it is at the root too, gets `V1` added. */
  id: string;
  tag: keyof typeof TAGS;
  /** One line. */
  summary: string;
  description?: string;
  /**
   * `data`: about stored data, with an ETag, served with its age when the store fails;
   * `live`: about this moment, from the store; `probe`: needs no store and knows no limit.
   */
  kind: 'data' | 'live' | 'probe';
  /** How it refuses, beside the ways that come with its kind. */
  refuses?: readonly ErrorCode[];
  /** The next page is in the header Link. */
  paged?: boolean;
  /** Needs the bearer token. */
  token?: boolean;
}

/** Where the description stands in a route's schema until the document is made. */
export const DESCRIPTION = 'x-description';

/** The part of a route's `schema` that is there for the document only. */
export function describe(description: Description) {
  const { id, tag, summary, token = false } = description;
  return {
    operationId: id,
    summary,
    tags: [tag],
    ...(description.description === undefined ? {} : { description: description.description }),
    ...(token ? { security: [{ adminToken: [] }] } : {}),
    [DESCRIPTION]: description,
  };
}
