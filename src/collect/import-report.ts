import type { ImportReport } from './import.js';
import type { SourceReport } from './import-source.js';

/** The report for people. */
export function importLines({ files, shift_ms }: ImportReport): string {
  const lines = files.flatMap(fileLines);
  if (shift_ms !== null) lines.push(`times shifted by ${shift_ms / 1000} s`);
  return lines.map((line) => `${line}\n`).join('');
}

function fileLines({ file, lines, resumed_after, counts }: SourceReport): string[] {
  const { posts_new, comments_new, known, skipped } = counts;
  const resumed = resumed_after === 0 ? '' : ` (resumed after line ${resumed_after})`;
  const head = `${file}: ${lines} lines${resumed}, ${posts_new} posts and ${comments_new} comments new, ${known} known`;
  const reasons = Object.entries(skipped).map(([reason, found]) => {
    const more = found.count > found.lines.length ? ', …' : '';
    const hint = reason === 'past_retention' ? '; --keep-history stores them' : '';
    return `  ${found.count} skipped: ${reason} (line ${found.lines.join(', ')}${more})${hint}`;
  });
  return [head, ...reasons];
}

interface SkipReporter {
  skip: (file: string, line: number, reason: string) => void;
  /** Tells what is still held back. */
  end: () => void;
}

/**
 * A line of text for each line skipped; runs of old items, of which a dump may be full, in one.
 */
export function skipReporter(tell: (line: string) => void): SkipReporter {
  let run: { file: string; from: number; to: number } | null = null;
  const end = () => {
    if (run === null) return;
    const { file, from, to } = run;
    tell(`${file} ${from === to ? `line ${from}` : `lines ${from}-${to}`}: past_retention`);
    run = null;
  };
  return {
    skip(file, line, reason) {
      if (reason === 'past_retention' && run?.file === file && run.to === line - 1) {
        run.to = line;
        return;
      }
      end();
      if (reason === 'past_retention') run = { file, from: line, to: line };
      else tell(`${file} line ${line}: ${reason}`);
    },
    end,
  };
}
