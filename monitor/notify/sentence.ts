import { duration, oneLine } from '../text.js';
import type { Notice } from './notice.js';

/**
 * A notice in one line, readable without knowing its fields. Parts of it are what others
 * answered, so nothing in it may begin a line of its own or turn the text around.
 */
export function sentence(notice: Notice, late = false): string {
  const { kind, what, action, cause, since, time, durationMs, place, also } = notice;
  const lasted = duration(durationMs ?? 0);
  const parts =
    kind === 'recovery'
      ? [`RECOVERED ${what}`, `it lasted ${lasted} from ${since} (${cause})`]
      : [`${kind.toUpperCase()} ${what}`, `since ${since}`];
  if (kind === 'reminder') parts.push(`for ${lasted} now`);
  if (place !== null) parts.push(`hung in ${place}`);
  parts.push(action);
  if (also.length > 0) parts.push(`also: ${also.join(', ')}`);
  return oneLine(`${late ? `[late, of ${time}] ` : ''}${parts.join('; ')}`);
}

const MAX_TEXT = 1000;
const MAX_ALSO = 10;

/** The notice with every text in bounds, as it is kept and sent. */
export function bounded(notice: Notice): Notice {
  const { id, incident, subject, what, cause, since, time, action, place, also } = notice;
  return {
    ...notice,
    id: oneLine(id, 200),
    incident: oneLine(incident, 200),
    subject: oneLine(subject, 200),
    what: oneLine(what, MAX_TEXT),
    cause: oneLine(cause, 200),
    since: oneLine(since, 40),
    time: oneLine(time, 40),
    action: oneLine(action, MAX_TEXT),
    place: place === null ? null : oneLine(place, MAX_TEXT),
    also: also.slice(0, MAX_ALSO).map((one) => oneLine(one, MAX_TEXT)),
  };
}
