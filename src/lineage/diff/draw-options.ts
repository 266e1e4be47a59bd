/** How much of a difference is drawn. */
export interface DrawOptions {
  /** How many of each list are listed; 0 for all. */
  readonly limit: number;
  /** Whether what is equal is listed, too. */
  readonly all: boolean;
}
