/** Our own keys as everybody else is shown them. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkOwnKeys, forgetPerson, ownFault } from '../../static/src/state/people.ts';
import { Clinic, type Person } from './support/clinic.ts';
import { until } from './support/desk.ts';

let clinic: Clinic;
let favre: Person;

beforeEach(async () => {
  clinic = await Clinic.start();
  favre = await clinic.makePerson('Dr Claire Favre');
});

afterEach(() => clinic.stop());

it('are checked against those in our hands, and a stranger’s under our name are said', async () => {
  await clinic.use(favre);
  await checkOwnKeys();
  expect(ownFault.value).toBe(null);

  // Somebody made the server and a registrar take keys of theirs for ours.
  const hands = { ...favre, former: [...favre.former] };
  await clinic.renew(favre);
  await clinic.use(hands);
  forgetPerson(favre.id);
  await checkOwnKeys();
  expect(ownFault.value).toMatchObject({ name: 'SubjectChanged' });
  await until(() => clinic.reports.length > 0);
  expect(clinic.reports).toMatchObject([
    { subject_kind: 'account', subject_id: favre.id, verdict: 'subject_changed' },
  ]);
});
