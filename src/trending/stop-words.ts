/**
 * Words that say nothing about a theme. The first list is the English one of Snowball
 * (snowballstem.org/algorithms/english/stop.txt, BSD licence), the second the same contractions as
 * people write them without apostrophe, the third our own: what questions and answers on Reddit
 * are made of, its tags (TIL, ELI5) and small numbers in words. Words that could be a theme are in
 * none of them: those rise or do not.
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
able actually ago almost already also although always ama among another anybody anyone anything
around away back became become becomes believe came can cmv come comes coming crosspost done due
eight either eli5 else enough especially even ever every everybody everyone everything far feel
feels finally find five found four get gets getting give given gives giving go goes going gonna got
gotta guess guys happen happened happens hello hey however iama instead just keep kept kinda knew
know knowing known knows later least less let like look looked looking looks lot lots lpt made make
makes making many may maybe mean means might mine mostly much must nearly need needs never next
nine nobody none nothing now nsfw often ok okay one ones onto others per perhaps please possibly
pretty probably psa put puts quite rather really recently saw say says see seeing seem seems seen
seven shall since six somebody someone something sometimes somewhere soon still sure take talking
tell ten than thank thanks thing things think thinking thinks though thought thoughts three til
till tldr told took toward towards tried tries try trying two unless upon us use used using usually
via vs want wanted wants way ways well went whatever whether whole will within without wonder
wondering x-post xpost yes yet zero`;

export const STOP_WORDS: ReadonlySet<string> = new Set(
  `${SNOWBALL} ${WITHOUT_APOSTROPHE} ${OURS}`.trim().split(/\s+/),
);
