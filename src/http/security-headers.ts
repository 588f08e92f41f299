/**
 * On every answer of the API. Nothing here is a page (the browsable documentation brings its own
 * policy), so a browser that is led to show an answer may load, run and frame nothing.
 *
 * Constants, not @fastify/helmet: DECISIONS.md has what that costs each request. No HSTS: this
 * server speaks no TLS, so promising it is the proxy's business.
 */
export const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;
