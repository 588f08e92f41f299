/**
 * Our own sentences about developer tools, so that a generated community says something
 * that has a sentiment. `{tool}` and `{task}` are filled in.
 */
export const MOODS = ['positive', 'negative', 'neutral'] as const;
export type Mood = (typeof MOODS)[number];

export const TOOLS = [
  'the agent mode',
  'autocomplete',
  'the command line client',
  'the new model',
  'the editor',
  'the review bot',
  'the context window',
  'the free tier',
  'the enterprise plan',
  'inline chat',
  'the MCP server',
  'the terminal integration',
  'the latest release',
  'the extension',
  'the planner',
  'the background worker',
] as const;

export const TASKS = [
  'refactoring a legacy module',
  'writing unit tests',
  'a Docker build',
  'a Terraform plan',
  'upgrading our dependencies',
  'type errors in TypeScript',
  'a database migration',
  'reviewing pull requests',
  'a flaky integration test',
  'parsing large log files',
  'training a small classifier',
  'an embedding search',
  'cleaning up CSS',
  'a Rust borrow checker puzzle',
  'documentation',
  'the billing page',
] as const;

export const TITLES: Record<Mood, readonly string[]> = {
  positive: [
    '{tool} is amazing for {task}',
    'I love how {tool} handles {task}',
    'Great experience with {tool} this week',
    'Impressed: {tool} solved {task} in minutes',
    'Thank you to whoever fixed {tool}',
    'Happy user here: {tool} saved my weekend',
  ],
  negative: [
    '{tool} is broken again',
    'Terrible results with {tool} on {task}',
    'I hate what the update did to {tool}',
    'Frustrated: {tool} failed at {task} all day',
    'Why is {tool} so bad at {task}?',
    'Awful support experience, {tool} lost my work',
  ],
  neutral: [
    'How do you use {tool} for {task}?',
    'Question about {tool} and {task}',
    'Which settings do you use with {tool}?',
    'Notes on {tool} after a month',
    'Where does {tool} store its configuration?',
    'Changelog of {tool}, version by version',
  ],
};

export const SENTENCES: Record<Mood, readonly string[]> = {
  positive: [
    'I love it, {tool} is a joy to use.',
    'It did a fantastic job with {task}.',
    'Honestly the best thing I have tried this year.',
    'The answers are excellent and the speed is great.',
    'I am very happy with {tool}, it saved me hours on {task}.',
    'Support was friendly and helpful, wonderful people.',
    'It just works, and it works beautifully.',
    'Huge improvement, congratulations to the team!',
    'I was impressed by how well it understood {task}.',
    'Good value, I recommend it to everybody here.',
  ],
  negative: [
    'It is terrible, {tool} crashes every ten minutes.',
    'I hate that it ruined {task} and lost my changes.',
    'The quality is awful since the update.',
    'This is the worst bug I have seen in {tool}.',
    'What a waste of money, I am really disappointed.',
    'It fails, blames me, and then fails again.',
    'Support ignored me, which makes me angry.',
    'A useless and annoying mess, I gave up on {task}.',
    'Broken for days and nobody cares, sad.',
    'Horrible latency, stupid defaults, bad documentation.',
  ],
  neutral: [
    'I run {tool} on two machines, one of them with Debian.',
    'The file is in the project folder, next to the lock file.',
    'For {task} I open a second window.',
    'Version 2 came out in March, version 3 in September.',
    'It reads the configuration once, when it starts.',
    'We have about forty people on {tool} and the rest on something else.',
    'There are three modes; I am on the second one.',
    'Has anybody measured {tool} against the old one for {task}?',
    'The limit counts requests, not tokens.',
    'In our case a < b && c > d holds for every row, so the order is the same.',
  ],
};

export const CODE_BLOCKS = [
  '```ts\nconst total = items.filter((item) => item.a < 3 && item.b > 1).length;\n```',
  '```sh\nnpm ci && npm test -- --watch=false > out.log 2>&1\n```',
  '    for line in lines:\n        if line.startswith("error"):\n            print(line)',
  "```sql\nSELECT count(*) FROM jobs WHERE state <> 'bad' AND tries < 3;\n```",
] as const;

export const QUOTES = [
  '> The worst disaster ever, I hate everything about it.',
  '> Best tool of all time, simply perfect!',
  '> You can turn it off in the settings & restart.',
] as const;

export const EMOJI = ['😀', '🎉', '😡', '🤔', '👍', '💔', '🚀', '😭'] as const;

export const RIGHT_TO_LEFT = [
  'הכלי הזה מצוין ואני מאוד מרוצה ממנו.',
  'هذه الأداة بطيئة جداً اليوم ولا أعرف السبب.',
  'תודה רבה, זה עזר לי (version 3.1) מאוד!',
] as const;

export const EDIT_NOTES = [
  'EDIT: fixed in the latest release, thank you, it is great now.',
  'EDIT: typo.',
  'Edit: never mind, it broke again. Terrible.',
  'EDIT 2: added the version I use.',
] as const;

export const HOUSE_RULES =
  'Please read the rules before you post. This post was made automatically by the moderators. ' +
  '*I am a bot, and this action was performed automatically.*';
