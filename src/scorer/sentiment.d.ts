/** The part of the untyped `sentiment` 5 package that we use. */
declare module 'sentiment' {
  interface Language {
    labels: Record<string, number>;
    scoringStrategy: {
      apply(tokens: string[], cursor: number, tokenScore: number): number;
    };
  }
  interface Analysis {
    score: number;
    tokens: string[];
    words: string[];
  }
  export default class Sentiment {
    registerLanguage(code: string, language: Language): void;
    analyze(phrase: string, options: { language: string }): Analysis;
  }
}
