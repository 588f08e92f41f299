import { Value } from 'typebox/value';
import { contentOf, sortChild, unexpected } from './answer.js';
import type { Exchange } from './exchange.js';
import { MoreChildren, MoreObject, RedditListing, RedditThread } from './schemas.js';
import type { ThreadPage } from './source.js';

/**
 * Judges an answer to `/comments/{id}`: the post and its comments, taken out of their tree.
 *
 * @throws AppError as `listingPage` does.
 */
export function threadPage(answer: Exchange, place: string): ThreadPage {
  const { state, body } = contentOf(answer, place);
  return state === 'active' ? pageOfThread(body, place) : emptyThread(state);
}

/** The post and the comments of a thread in Reddit's JSON. @throws AppError `reddit_bad_answer` */
export function pageOfThread(body: unknown, place: string): ThreadPage {
  const page = emptyThread('active');
  if (!Value.Check(RedditThread, body)) throw unexpected(place, 'a thread');
  for (const listing of body) flatten(listing.data.children, page);
  return page;
}

/**
 * Judges an answer to `/api/morechildren`: comments that a thread had left out, as a flat list.
 *
 * @throws AppError as `listingPage` does.
 */
export function morePage(answer: Exchange, place: string): ThreadPage {
  const { state, body } = contentOf(answer, place);
  return state === 'active' ? pageOfMore(body, place) : emptyThread(state);
}

/** The comments of `/api/morechildren` in Reddit's JSON. @throws AppError `reddit_bad_answer` */
export function pageOfMore(body: unknown, place: string): ThreadPage {
  const page = emptyThread('active');
  if (!Value.Check(MoreChildren, body)) throw unexpected(place, 'a list of comments');
  flatten(body.json.data.things, page);
  return page;
}

export function emptyThread(state: ThreadPage['state']): ThreadPage {
  return { state, posts: [], comments: [], invalid: [], more: [] };
}

/**
 * Depth first, as shown. Without recursion, and without a call that takes all children as its
 * arguments: depth and number are the server's to choose, and the stack is not endless.
 */
function flatten(children: readonly unknown[], page: ThreadPage): void {
  const stack = [...children].reverse();
  while (stack.length > 0) {
    const child = stack.pop();
    const { kind, data } = (child ?? {}) as { kind?: unknown; data?: unknown };
    if (kind === 'more' && Value.Check(MoreObject, data)) {
      for (const id of data.children) page.more.push(id);
      continue;
    }
    sortChild(child, page);
    const { replies } = (data ?? {}) as { replies?: unknown };
    if (!Value.Check(RedditListing, replies)) continue;
    for (const reply of [...replies.data.children].reverse()) stack.push(reply);
  }
}
