/** The people of random lives, their network and their devices. */
import { Clinic, type Person } from './clinic.ts';
import { Device, separateDevices } from './device.ts';

export const NAMES = ['favre', 'mermet', 'blanc', 'benali', 'pinget'] as const;
export type Name = (typeof NAMES)[number];
/** A network, and the devices of its people, kept from one life to the next. */
export class Village {
  readonly clinic: Clinic;
  readonly people: Record<Name, Person>;
  readonly devices = new Map<Person, Device[]>();
  readonly #mix: () => void;

  private constructor(clinic: Clinic, people: Record<Name, Person>) {
    this.clinic = clinic;
    this.people = people;
    this.#mix = separateDevices();
  }

  static async found(): Promise<Village> {
    const clinic = await Clinic.start();
    const made: [Name, Person][] = [];
    for (const name of NAMES) made.push([name, await clinic.makePerson(`Dr ${name}`)]);
    return new Village(clinic, Object.fromEntries(made) as Record<Name, Person>);
  }

  async device(person: Person, which: number): Promise<Device> {
    const held = this.devices.get(person) ?? [];
    this.devices.set(person, held);
    while (held.length <= which) held.push(await Device.of(person, this.clinic));
    return held[which] as Device;
  }

  async lose(person: Person, device: Device): Promise<void> {
    await device.close();
    this.devices.set(
      person,
      (this.devices.get(person) ?? []).filter((one) => one !== device),
    );
  }

  async close(): Promise<void> {
    for (const device of [...this.devices.values()].flat()) await device.close();
    this.#mix();
    this.clinic.stop();
  }
}
