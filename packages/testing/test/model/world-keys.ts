import type { Server } from './authorization-server.js';
import type { Memory } from './loss-moves.js';
import type { Budget, Replica, World } from './world.js';

/** Numbers the parts of worlds: equal ones alike, and each object only once, since parts live on in the worlds after theirs. */
class Numbering<Part extends object> {
  readonly #byObject = new WeakMap<Part, number>();
  readonly #byText = new Map<string, number>();

  constructor(private readonly textOf: (part: Part) => string) {}

  of(part: Part): number {
    const known = this.#byObject.get(part);
    if (known !== undefined) return known;
    const text = this.textOf(part);
    const number = this.#byText.get(text) ?? this.#byText.size;
    this.#byText.set(text, number);
    this.#byObject.set(part, number);
    return number;
  }
}

/** Makes short texts that are the same for worlds in which the same can happen. Replicas have no names: their order says nothing. */
export class WorldKeys {
  readonly #replicas = new Numbering<Replica>(({ base, ...rest }) => {
    return `${Object.values(rest).join(' ')} ${base.version} ${base.epoch}`;
  });
  readonly #servers = new Numbering<Server>((server) => JSON.stringify(server));
  readonly #budgets = new Numbering<Budget>((left) => JSON.stringify(left));
  readonly #memories = new Numbering<Memory>(({ known, heard, swept }) => {
    return `${known?.id} ${heard} ${swept}`;
  });

  of(world: World): string {
    const { record, server, snapshot, orphans, lostPut, now, intents, left } = world;
    const rest = orphans.map(({ command, lost }) => `${command.intentId} ${lost}`).join();
    const parts = `${this.#servers.of(server)} ${this.#budgets.of(left)} ${now} ${intents}`;
    return `${record.id} ${parts} ${this.#replicasOf(world)} ${rest} ${snapshot?.id} ${lostPut?.intentId}`;
  }

  #replicasOf({ replicas, memories }: World): string {
    const numbers = replicas.map((replica, index) => {
      const memory = memories[index];
      const number = this.#replicas.of(replica);
      return memory === undefined ? number : number * 100_000 + this.#memories.of(memory);
    });
    return numbers.sort((a, b) => a - b).join();
  }
}
