import type { NoticeKind } from './notice.js';
import type { Message } from './channel.js';

/** Slack takes more, but nobody reads more. */
const MAX_TEXT = 2000;
const MAX_FIELD = 300;

const COLOURS: Record<NoticeKind, string> = {
  alert: 'danger',
  escalation: 'danger',
  reminder: 'danger',
  warning: 'warning',
  recovery: 'good',
};

/**
 * The message as Slack's incoming webhooks take it, and what imitates them (Mattermost,
 * Rocket.Chat, Discord's `/slack`): text and one attachment, no blocks.
 */
export function slackPayload({ notice, text }: Message, host: string): object {
  const { kind, incident, cause, place, budgetLeft } = notice;
  const fields = [
    ['host', host],
    ['incident', incident],
    ['cause', cause],
    ...(place === null ? [] : [['hung in', place]]),
    ...(budgetLeft === null ? [] : [['restarts left', String(budgetLeft)]]),
  ].map(([title, value = '']) => ({ title, value: harmless(value, MAX_FIELD), short: true }));
  const safe = harmless(text, MAX_TEXT);
  return {
    text: safe,
    mrkdwn: false,
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
    attachments: [{ color: COLOURS[kind], fallback: safe, fields, mrkdwn_in: [] }],
  };
}

/**
 * Text that means nothing to a chat. `&`, `<` and `>` are escaped as Slack wants, which
 * takes `<!channel>` and `<url|label>` their meaning. A zero-width space takes it from
 * `@here`, from Markdown's links and from bare addresses, which Slack's webhooks make links
 * of whatever `parse` says (seen by others with `tablename.id` too).
 */
function harmless(text: string, max: number): string {
  const cut = text.length <= max ? text : `${text.slice(0, max - 1)}…`.toWellFormed();
  return cut
    .replace(/@(?=\S)|:(?=\/\/)|\](?=\()|(?<=[\p{L}\p{N}])\.(?=\p{L})/gu, '$&\u200B')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
