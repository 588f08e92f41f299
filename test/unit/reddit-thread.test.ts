import test from 'ava';
import { threadPage } from '../../src/reddit/thread.js';
import { listing, redditComment, redditPost } from '../support/fake-reddit.js';

// In a file of its own: it takes the event loop for longer than the client's tests can do without.
test('a comment with more replies than the stack holds is taken apart', (t) => {
  const count = 600_000; // a thread of ava has a stack of 4 MB
  const wide = redditComment('c', { replies: listing(new Array<null>(count).fill(null)) });
  const text = JSON.stringify([listing([redditPost('abc')]), listing([wide])]);
  const page = threadPage({ status: 200, headers: {}, text }, 'a thread');
  t.deepEqual([page.posts.length, page.comments.length, page.invalid.length], [1, 1, count]);
});
