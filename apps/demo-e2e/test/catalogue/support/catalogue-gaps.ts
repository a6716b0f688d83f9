/** The sections of the catalogue of faults that tests are owed for, with their numbers. */
export const SECTIONS = {
  'A. processes': [1, 16],
  'B. network and authorization server': [17, 29],
  'D. Redis': [44, 61],
  'E. time': [62, 65],
  'F. concurrency and refused tokens': [66, 76],
} as const satisfies Readonly<Record<string, readonly [first: number, last: number]>>;

/** Faults without a test, each with the reason why. */
export const NOT_TESTED: ReadonlyMap<number, string> = new Map();

/** What is left out of a fault that has a test, each with the reason why. */
export const TESTED_IN_PART: ReadonlyMap<number, string> = new Map([
  [13, 'The twenty replicas are twenty managers with connections of their own in one process.'],
  [
    14,
    'The disk is made to fail where the journal writes: filling a real one needs rights to mount.',
  ],
  [16, 'There is one format of records so far, so only a newer one can be met, not an older one.'],
  [27, 'A call is not sent again after a delay: nothing does that.'],
  [48, 'WAIT is not used: what a failover has lost is put back from memory and journal.'],
  [49, 'WAIT is not used: a record that was put back rests, so that a lost intent can run out.'],
  [50, 'READONLY, NOREPLICAS, BUSY and LOADING stand for the others, which are treated alike.'],
  [62, "The worker's clock is set through the library's clock port, not under the process."],
  [63, "The memory store's clock is set: to set that of Redis alone takes a preloaded library."],
  [74, '5,000 keys are drawn apart; 1,000 with five times the work each are due in one second.'],
]);
