/** What calls cost, by their shape. Shapes are few: literals of the program. */
export interface Charges {
  add(shape: string, call: { requests: number; units: number }): void;
  read(): Record<string, Charge>;
}

export interface Charge {
  /** Answers of the account: pages, and attempts that it refused. */
  requests: number;
  /** Request units, as the account counts them. */
  ru: number;
}

export function createCharges(onCharge: (shape: string, ru: number) => void): Charges {
  const byShape = new Map<string, Charge>();
  return {
    add(shape, { requests, units }) {
      const before = byShape.get(shape) ?? { requests: 0, ru: 0 };
      byShape.set(shape, { requests: before.requests + requests, ru: before.ru + units });
      onCharge(shape, units);
    },
    read: () => Object.fromEntries(byShape),
  };
}
