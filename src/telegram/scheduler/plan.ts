/** A group that a run may post to. */
export interface Candidate {
  id: number;
  lastPostedAt: number | null;
  /** The accounts that may write there: at least one. */
  phones: number[];
}

/**
 * Gives each group to one of its accounts, so that all have about as many.
 * @param loads how many groups of this run an account has already
 * @returns the groups of each account: those that have been without a post for the longest time come first
 */
export function plan(groups: Candidate[], loads: ReadonlyMap<number, number>): Map<number, Candidate[]> {
  const counts = new Map(loads);
  const countOf = (phone: number) => counts.get(phone) ?? 0;
  const queues = new Map<number, Candidate[]>();
  // Groups with less choice come first: the others then even out what these have left uneven.
  for (const group of groups.toSorted((a, b) => a.phones.length - b.phones.length || byAge(a, b))) {
    const phone = group.phones.reduce((best, each) => {
      const difference = countOf(each) - countOf(best);
      return difference < 0 || (difference === 0 && each < best) ? each : best;
    });
    counts.set(phone, countOf(phone) + 1);
    queues.set(phone, [...(queues.get(phone) ?? []), group]);
  }
  for (const queue of queues.values()) queue.sort(byAge);
  return queues;
}

const byAge = (a: Candidate, b: Candidate): number =>
  (a.lastPostedAt ?? 0) - (b.lastPostedAt ?? 0) || a.id - b.id;
