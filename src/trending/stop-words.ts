/**
 * Words that say nothing about a theme. The first list is the English one of Snowball
 * (snowballstem.org/algorithms/english/stop.txt, BSD licence), the second the same contractions as
 * people write them without apostrophe, the third our own: what questions and answers on Reddit
 * are made of. Words that could be a theme are in none of them: those rise or do not.
 */
const SNOWBALL = `
i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her
hers herself it its itself they them their theirs themselves what which who whom this that these
those am is are was were be been being have has had having do does did doing would should could
ought i'm you're he's she's it's we're they're i've you've we've they've i'd you'd he'd she'd we'd
they'd i'll you'll he'll she'll we'll they'll isn't aren't wasn't weren't hasn't haven't hadn't
doesn't don't didn't won't wouldn't shan't shouldn't can't cannot couldn't mustn't let's that's
who's what's here's there's when's where's why's how's a an the and but if or because as until while
of at by for with about against between into through during before after above below to from up
down in out on off over under again further then once here there when where why how all any both
each few more most other some such no nor not only own same so than too very`;

const WITHOUT_APOSTROPHE = `
im youre hes shes theyre ive youve weve theyve youd theyd youll theyll isnt arent wasnt werent hasnt
havent hadnt doesnt dont didnt wont wouldnt shouldnt cant couldnt mustnt lets thats whos whats heres
theres hows ain't aint y'all yall`;

const OURS = `
also always another anybody anyone anything around away back can else enough even ever every
everybody everyone everything get gets getting go goes going gonna got gotta however instead just
keep kinda like lot lots made make makes making many may maybe might mine much must need needs never
nobody none nothing now often one ones onto per please quite rather really say says seem seems
shall since somebody someone something sometimes somewhere still take than thank thanks thing things
though thought thoughts till told toward towards tried try trying upon us use used using via vs want
wanted wants well went whatever whether will within without yes yet`;

export const STOP_WORDS: ReadonlySet<string> = new Set(
  `${SNOWBALL} ${WITHOUT_APOSTROPHE} ${OURS}`.trim().split(/\s+/),
);
