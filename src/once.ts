/** A value that is made at the first call, by one call; a failure is not remembered. */
export interface Once<T> {
  get(): Promise<T>;
  /** Null as long as nobody has asked for it, or when it could not be made. */
  made(): Promise<T | null>;
}

export function once<T>(make: () => Promise<T>): Once<T> {
  let making: Promise<T> | null = null;
  return {
    get() {
      making ??= make().catch((error: unknown) => {
        making = null;
        throw error;
      });
      return making;
    },
    made: async () => making?.catch(() => null) ?? null,
  };
}
