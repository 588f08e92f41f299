/** Reddit's own limit for a post; longer texts can only come from elsewhere. */
const MAX_CHARACTERS = 40_000;

const MAX_ADDRESS_CHARACTERS = 2000;
/** `](` and `)` around it. */
const BRACKETS = 3;

/** Reddit answers without `raw_json=1` hold these; so do texts that people pasted. */
const ENTITIES: Record<string, string> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&nbsp;': ' ',
  '&#x200B;': ' ',
  '&amp;': '&',
};

/**
 * Reddit's markdown to the words its author meant: without code, quotes of others and
 * addresses, which say nothing about the author's mood. Pure; linear in the length.
 */
export function normalise(text: string): string {
  const prose = withoutBlocks(decodeEntities(text.slice(0, MAX_CHARACTERS)));
  return withoutAddresses(prose.replace(/`[^`\n]*`/g, ' '))
    .replace(/\b(?:https?:\/\/|www\.)\S+/gi, ' ')
    .replace(/(?:^|\s)\/?[ru]\/\w+/g, ' ') // r/aws is a name, not an opinion
    .replace(/[‘’ʼ´]/g, "'")
    .replace(/\uFE0F/g, '') // emoji variation selector: the lexicon has the bare form
    .replace(/\p{Extended_Pictographic}/gu, ' $& ')
    .replace(/[[\]|<>“”…—–]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/**
 * `[words](address)` keeps its words. The obvious `\](…)` pattern would start anew at each
 * of many unclosed `](`; this one takes every run once.
 */
export function withoutAddresses(text: string): string {
  return text.replace(/[^)\s]+\)?/g, (run) => {
    if (!run.endsWith(')')) return run;
    const at = run.indexOf('](', run.length - BRACKETS - MAX_ADDRESS_CHARACTERS);
    return at === -1 ? run : `${run.slice(0, at)}] `;
  });
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:lt|gt|quot|#39|nbsp|#x200B|amp);/g, (entity) => ENTITIES[entity] ?? ' ');
}

/** Drops fenced code, indented code and quoted lines. An unclosed fence runs to the end, as on Reddit. */
function withoutBlocks(text: string): string {
  const kept: string[] = [];
  let fence: string | null = null;
  for (const line of text.split(/\r?\n/)) {
    const marker = /^\s{0,3}(```|~~~)/.exec(line)?.[1];
    if (fence !== null) {
      if (marker === fence) fence = null;
    } else if (marker !== undefined && !line.trim().slice(3).includes(marker)) {
      fence = marker;
    } else if (!/^(?: {4}|\t|\s{0,3}>(?!!))/.test(line)) {
      kept.push(line);
    }
  }
  return kept.join('\n');
}
