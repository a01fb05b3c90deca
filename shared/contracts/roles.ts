/** What one process of a fleet can do. Each role scales by itself; a process may have several. */
export const roleNames = ['accumulator', 'submitter', 'poller', 'sweeper'] as const;

export type Role = (typeof roleNames)[number];
