import test from 'ava';
import { pageOf } from '../../src/routes/paging.js';

const linkOf = (url: string) => pageOf(['a', 'b', 'c'], 2, url, (last) => last).headers?.link;

test('the next page is a path of this server, whatever the request line says', (t) => {
  const next = '</api/v1/posts/recent?limit=2&cursor=b>; rel="next"';
  t.is(linkOf('/api/v1/posts/recent?limit=2'), next);
  t.is(linkOf('/api/v1/posts/recent?limit=2&cursor=x'), next);
  t.is(linkOf('http://elsewhere.example/api/v1/posts/recent?limit=2'), next);
  t.is(linkOf('/api/v1/posts/recent?limit=2#top'), next);
  t.is(pageOf(['a', 'b'], 2, '/x', (last) => last).headers, undefined);
});
