/** Stub until the real one arrives. */
export interface MemorySeries {
  generation: string;
  points: { at: number; mb: number }[];
}
export interface Forecast {
  slopeMbPerMinute: number;
  minutesToLimit: number;
  nowMb: number;
}
export function addSample(
  series: MemorySeries | null,
  generation: string,
  at: number,
  mb: number,
): MemorySeries {
  const points = series?.generation === generation ? series.points : [];
  return { generation, points: [...points, { at, mb }].slice(-10) };
}
export function forecast(_series: MemorySeries, _limitMb: number): Forecast | null {
  return null;
}
