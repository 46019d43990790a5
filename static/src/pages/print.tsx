import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../i18n.ts';
import { FileFailure, openFile } from '../photos/files.ts';
import type { Manifest } from '../photos/manifest.ts';
import type { Place } from '../photos/sealing.ts';
import { goBack, type Params } from '../router.ts';
import { caseRow, opened } from '../state/case-rows.ts';
import { startCases } from '../state/cases.ts';
import { followThread, type LiveThread } from '../state/messages.ts';
import { person } from '../state/people.ts';
import { network } from '../state/session.ts';
import { Button } from '../ui/button.tsx';
import { useObjectUrl, useOpenedFile } from '../ui/cases/hooks.ts';
import { SealProblem } from '../ui/cases/marks.tsx';
import type { Picture } from '../ui/cases/pdf.ts';
import { failureWords, saveBlob } from '../ui/cases/picture.tsx';
import { type Report, reportOf, signedOpinions } from '../ui/cases/report.ts';
import { Banner, Waiting } from '../ui/feedback.tsx';
import { Checkbox } from '../ui/field.tsx';
import { Knot } from '../ui/knot.tsx';
import { Problems } from '../ui/problems.tsx';

/** The report on paper, or as a file. Both are made here; the server never sees them. */
export default function PrintPage({ params }: { params: Params }): JSX.Element {
  const id = params['id'] ?? '';
  const live = useSignal<LiveThread | null>(null);
  const photos = useSignal(false);
  const problem = useSignal<unknown>(null);
  useEffect(startCases, []);
  useEffect(() => {
    const followed = followThread(id);
    live.value = followed;
    return () => followed.stop();
  }, [id, live]);
  const row = caseRow(id);
  const found = opened.value.get(id);
  const numbers = useSignal<ReadonlyMap<string, string>>(new Map());
  const identified = [row?.opened_by.id, row?.expert?.id].filter((one) => one !== undefined);
  useEffect(() => {
    void numbersOf(identified).then((known) => {
      numbers.value = known;
    });
  }, [identified.join(' '), numbers]);
  useEffect(() => {
    document.title = row ? t('Case {number}', { number: row.number }) : 'Cordée';
  }, [row]);
  if (!row || !live.value || !found?.header) {
    return (
      <main class="page" id="main">
        <Problems error={live.value?.problem.value} />
        {row && <SealProblem seal={found?.seal} row={row} />}
        <Waiting />
      </main>
    );
  }
  const opinions = signedOpinions(live.value);
  const report = reportOf({ ...row, opened_by: found.by }, found.header, opinions, numbers.value);
  const place: Place = { net: network.value?.net ?? '', case: id };
  const unsafe = found.seal.state === 'broken' || opinions.some((one) => !one.checked);

  const save = async () => {
    problem.value = null;
    try {
      const pictures = photos.value ? await openPictures(place, report.pictures) : [];
      const { writePdf } = await import('../ui/cases/pdf.ts');
      saveBlob(await writePdf(report, pictures), `${row.number}.pdf`);
    } catch (error) {
      problem.value = error instanceof FileFailure ? new Error(failureWords(error.code)) : error;
    }
  };
  return (
    <main class="page print" id="main">
      <div class="no-print stack">
        <div class="row" data-spread>
          <Button kind="plain" icon="back" onClick={() => goBack(`/cases/${id}`)}>
            {t('Back to the case')}
          </Button>
          <div class="row">
            <Button icon="print" onClick={() => print()}>
              {t('Print')}
            </Button>
            <Button kind="primary" icon="download" busyLabel={t('Writing…')} onClick={save}>
              {t('Save as PDF')}
            </Button>
          </div>
        </div>
        {report.pictures.length > 0 && (
          <Checkbox
            label={t('With the photos')}
            checked={photos.value}
            onChange={(wanted) => {
              photos.value = wanted;
            }}
          />
        )}
        <Problems error={problem.value} />
        {unsafe && (
          <Banner tone="problem">
            {t('Not every seal of this report could be checked. Do not rely on it.')}
          </Banner>
        )}
        <Banner>
          {t(
            'Once printed or saved, this report is no longer sealed: keep it as a medical record.',
          )}
        </Banner>
      </div>
      <ReportSheet report={report} />
      {photos.value && (
        <div class="print-pictures">
          {report.pictures.map((file) => (
            <PrintedPicture key={file.id} place={place} file={file} />
          ))}
        </div>
      )}
    </main>
  );
}

/** RPPS numbers as signed; whoever has none, or cannot be verified now, is named without. */
async function numbersOf(ids: readonly string[]): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  const asked = ids.map((id) =>
    person(id).then(
      ({ rpps }) => rpps && known.set(id, rpps),
      () => undefined,
    ),
  );
  await Promise.all(asked);
  return known;
}

function ReportSheet({ report }: { report: Report }): JSX.Element {
  return (
    <article class="sheet">
      <header>
        <Knot />
        <h1>{report.title}</h1>
        <p class="quiet">{t('Case {number}', { number: report.number })}</p>
      </header>
      <dl class="facts">
        {report.facts.map(([name, value]) => (
          <div class="fact" key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <section>
        <h2>{t('Question')}</h2>
        <p class="prose">{report.question}</p>
      </section>
      {report.opinions.length === 0 && <p>{t('No opinion was given yet.')}</p>}
      {report.opinions.map((opinion) => (
        <section key={opinion.signature} data-replaced={opinion.replaced || undefined}>
          <h2>
            {opinion.replaced
              ? t('{title}, replaced since', { title: opinion.title })
              : opinion.title}
          </h2>
          {opinion.sections.map((section) => (
            <div key={section.title}>
              <h3>{section.title}</h3>
              <p class="prose">{section.text}</p>
            </div>
          ))}
          <p class="quiet">{opinion.signature}</p>
        </section>
      ))}
    </article>
  );
}

function PrintedPicture({ place, file }: { place: Place; file: Manifest }): JSX.Element {
  const { blob, failure } = useOpenedFile(place, file);
  const url = useObjectUrl(blob);
  return (
    <figure>
      {url && <img src={url} alt={file.caption || t('Photo')} />}
      {!url && <p>{failure ? failureWords(failure) : t('Opening…')}</p>}
      {file.caption && <figcaption>{file.caption}</figcaption>}
    </figure>
  );
}

async function openPictures(place: Place, files: readonly Manifest[]): Promise<Picture[]> {
  const opened: Picture[] = [];
  for (const file of files) {
    const blob = await embeddable(await openFile(place, file));
    const bytes = new Uint8Array(await blob.arrayBuffer());
    opened.push({ bytes, type: blob.type, caption: file.caption ?? '' });
  }
  return opened;
}

/** PDF holds JPEG and PNG; anything else is drawn anew. */
async function embeddable(blob: Blob): Promise<Blob> {
  if (blob.type === 'image/jpeg' || blob.type === 'image/png') return blob;
  const bitmap = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
}
