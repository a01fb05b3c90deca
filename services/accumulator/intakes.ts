import { Watermark } from '#core/watermark.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log, ReadResult } from '#ports/log.ts';
import { inGroups } from './in-groups.ts';
import { ReadAhead } from './read-ahead.ts';

/** Consumer group whose positions are the low watermarks: everything below is sealed. */
export const intakeGroup = 'accumulator';

/** A round of reads and more: records are parsed faster than they arrive. */
const turnsAhead = 6;

/** A partition of the documents topic, as far as it is read and sealed. */
export interface Intake {
  readonly partition: number;
  readonly generation: number;
  readonly watermark: Watermark;
  /** Where reading goes on. */
  position: number;
  committed: number;
  isAtEnd: boolean;
}

/** The partitions of the documents topic that are this process's to read, whose turn it is, and their low watermarks. */
export class Intakes {
  readonly #ports: { log: Log; clock: Clock };
  readonly #dropped: (partition: number) => void;
  readonly #intakes = new Map<number, Intake>();
  readonly #ahead: ReadAhead;
  /** Whose turn it is to be read. */
  #turn = 0;

  /** @param dropped is told of each partition that is another's now, or comes back and is read from its position again */
  constructor(ports: { log: Log; clock: Clock }, dropped: (partition: number) => void) {
    this.#ports = ports;
    this.#dropped = dropped;
    this.#ahead = new ReadAhead(ports.log);
  }

  get size(): number {
    return this.#intakes.size;
  }

  get(partition: number): Intake | undefined {
    return this.#intakes.get(partition);
  }

  all(): Intake[] {
    return [...this.#intakes.values()];
  }

  /** @returns true when a partition has come, or come back */
  async sync(): Promise<boolean> {
    let hasNew = false;
    const { log, clock } = this.#ports;
    const assigned = await log.assigned(intakeGroup, 'documents');
    const owned = new Set(assigned.map(({ partition }) => partition));
    for (const partition of this.#intakes.keys()) if (!owned.has(partition)) this.#drop(partition);
    for (const { partition, generation } of assigned) {
      if (this.#intakes.get(partition)?.generation === generation) continue;
      this.#drop(partition);
      const position = (await log.position(intakeGroup, 'documents', partition))?.offset ?? 0;
      const watermark = new Watermark(position);
      this.#intakes.set(partition, {
        partition,
        generation,
        watermark,
        position,
        committed: position,
        isAtEnd: false,
      });
      hasNew = true;
    }
    if (this.#intakes.size === 0) await clock.sleep(0);
    return hasNew;
  }

  /** The partition whose turn it is. */
  takeTurn(): Intake {
    const intakes = this.all();
    const intake = intakes[this.#turn % intakes.length] as Intake;
    this.#turn += 1;
    return intake;
  }

  read({ partition, position }: Intake): Promise<ReadResult> {
    return this.#ahead.take(partition, position);
  }

  /** Asks for what the next turns read. @param read the partition of this turn, and how far it is read */
  readAhead(read: { intake: Intake; nextOffset: number; isAtEnd: boolean }): void {
    const intakes = this.all();
    for (let turn = 0; turn < Math.min(turnsAhead, intakes.length); turn += 1) {
      const intake = intakes[(this.#turn + turn) % intakes.length] as Intake;
      const { position, isAtEnd } = intake === read.intake ? { ...read, position: read.nextOffset } : intake;
      if (!isAtEnd) this.#ahead.start(intake.partition, position);
    }
  }

  isAtEnd(): boolean {
    return this.all().every(intake => intake.isAtEnd);
  }

  /** Records that are not known to be sealed: only that is done. */
  async lag(): Promise<number> {
    let lag = 0;
    for (const { partition, committed } of this.all()) {
      lag += Math.max(0, (await this.#ports.log.endOffset('documents', partition)) - committed);
    }
    return lag;
  }

  /** Side by side: what each partition says is true whatever becomes of the others. */
  async commit(): Promise<void> {
    const due = this.all().filter(({ watermark, committed }) => watermark.value() > committed);
    await inGroups(due, async intake => {
      const { partition, watermark } = intake;
      const offset = watermark.value();
      await this.#ports.log.commitPosition({ group: intakeGroup, topic: 'documents', partition, offset });
      intake.committed = offset;
    });
  }

  /** Whoever owns the partition now reads these again; sealing them as well would only lose claims. */
  #drop(partition: number): void {
    if (!this.#intakes.delete(partition)) return;
    this.#ahead.forget(partition);
    this.#dropped(partition);
  }
}
