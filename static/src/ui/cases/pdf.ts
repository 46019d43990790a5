/**
 * The report as a PDF, written on this device. The text is real text: selectable, searchable and
 * read by screen readers, in the fonts every reader has (PDF 32000-1 §9.6.2.2), whose Latin encoding
 * holds all of French.
 */
import { PDFDocument, type PDFFont, type PDFPage, rgb, StandardFonts } from 'pdf-lib';
import { language, t } from '../../i18n.ts';
import { KNOT_PATH } from '../knot.tsx';
import type { Report } from './report.ts';

const PAGE: [number, number] = [595.28, 841.89];
const MARGIN = 56;
const WIDTH = PAGE[0] - 2 * MARGIN;
const INK = rgb(0.06, 0.16, 0.24);
const QUIET = rgb(0.29, 0.38, 0.45);
const LINE = rgb(0.85, 0.88, 0.9);
const GLACIER = rgb(0.12, 0.44, 0.58);

/** Signs outside the font's encoding that doctors type, and what stands for them. */
const SPELLED: Record<string, string> = {
  '≥': '>=',
  '≤': '<=',
  '→': '->',
  '←': '<-',
  '−': '-',
  '≈': '~',
  α: 'alpha',
  β: 'beta',
  γ: 'gamma',
  δ: 'delta',
  μ: 'µ',
  '\u202f': ' ',
  '\u00a0': ' ',
  '\u2009': ' ',
  '\t': '    ',
};

/** Text the font can write; what it cannot is spelled out or shown as "?". */
export function writable(text: string, font: Pick<PDFFont, 'encodeText'>): string {
  return [...text.normalize('NFC')]
    .map((letter) => {
      const spelled = SPELLED[letter] ?? letter;
      if (spelled === '\n') return spelled;
      try {
        font.encodeText(spelled);
        return spelled;
      } catch {
        return '?';
      }
    })
    .join('');
}

/** Break text into lines no wider than `width`; a word longer than a line is cut. */
export function wrap(text: string, measure: (line: string) => number, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(/ +/)) {
      const longer = line ? `${line} ${word}` : word;
      if (measure(longer) <= width) {
        line = longer;
        continue;
      }
      if (line) lines.push(line);
      line = word;
      while (measure(line) > width) {
        let fits = line.length - 1;
        while (fits > 1 && measure(line.slice(0, fits)) > width) fits--;
        lines.push(line.slice(0, fits));
        line = line.slice(fits);
      }
    }
    lines.push(line);
  }
  return lines;
}

class Writer {
  readonly document: PDFDocument;
  readonly regular: PDFFont;
  readonly bold: PDFFont;
  page: PDFPage;
  y = 0;

  constructor(document: PDFDocument, regular: PDFFont, bold: PDFFont) {
    this.document = document;
    this.regular = regular;
    this.bold = bold;
    this.page = this.turn();
  }

  turn(): PDFPage {
    this.page = this.document.addPage(PAGE);
    this.y = PAGE[1] - MARGIN;
    return this.page;
  }

  /** Make sure that `height` points are left on the page. */
  room(height: number): void {
    if (this.y - height < MARGIN + 24) this.turn();
  }

  text(
    text: string,
    { size = 10.5, bold = false, color = INK, x = MARGIN, width = WIDTH, after = 0 } = {},
  ): void {
    const font = bold ? this.bold : this.regular;
    const measure = (line: string) => font.widthOfTextAtSize(line, size);
    for (const line of wrap(writable(text, font), measure, width)) {
      this.room(size * 1.45);
      this.y -= size * 1.45;
      this.page.drawText(line, { x, y: this.y, size, font, color });
    }
    this.y -= after;
  }

  rule(): void {
    this.y -= 8;
    const y = this.y;
    this.page.drawLine({
      start: { x: MARGIN, y },
      end: { x: PAGE[0] - MARGIN, y },
      thickness: 0.75,
      color: LINE,
    });
    this.y -= 8;
  }
}

export interface Picture {
  bytes: Uint8Array;
  type: string;
  caption: string;
}

/** @param pictures already opened; only JPEG and PNG can be embedded, others were converted. */
export async function writePdf(report: Report, pictures: readonly Picture[]): Promise<Blob> {
  const document = await PDFDocument.create();
  // No patient in the document's own description: it shows in file lists.
  document.setTitle(`${report.title} ${report.number}`);
  document.setLanguage(language());
  document.setCreator('Cordée');
  document.setProducer('Cordée');
  const regular = await document.embedFont(StandardFonts.Helvetica);
  const bold = await document.embedFont(StandardFonts.HelveticaBold);
  const writer = new Writer(document, regular, bold);

  writer.page.drawSvgPath(KNOT_PATH, {
    x: MARGIN,
    y: writer.y,
    scale: 0.62,
    borderColor: GLACIER,
    borderWidth: 3.6,
  });
  writer.y -= 34;
  writer.text(report.title, { size: 20, bold: true });
  writer.text(t('Case {number}', { number: report.number }), { color: QUIET, after: 4 });
  writer.rule();
  for (const [name, value] of report.facts) fact(writer, name, value);
  writer.rule();
  writer.text(t('Question'), { size: 12, bold: true, after: 2 });
  writer.text(report.question, { after: 6 });
  for (const opinion of report.opinions) {
    writer.rule();
    writer.room(60);
    const title = opinion.replaced
      ? t('{title}, replaced since', { title: opinion.title })
      : opinion.title;
    writer.text(title, { size: 14, bold: true, after: 2 });
    for (const section of opinion.sections) {
      writer.room(40);
      writer.text(section.title, { bold: true, color: QUIET, size: 9.5 });
      writer.text(section.text, { after: 6 });
    }
    writer.text(opinion.signature, { size: 9.5, color: QUIET });
  }
  for (const picture of pictures) await embed(writer, picture);
  number(writer, report);
  const bytes = await document.save();
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/pdf' });
}

function fact(writer: Writer, name: string, value: string): void {
  // Both columns begin on the same line, so leave room for a long value first.
  writer.room(48);
  const top = writer.y;
  writer.text(name, { color: QUIET, width: 130 });
  const below = writer.y;
  writer.y = top;
  writer.text(value, { x: MARGIN + 140, width: WIDTH - 140 });
  writer.y = Math.min(writer.y, below);
}

async function embed(writer: Writer, picture: Picture): Promise<void> {
  const image =
    picture.type === 'image/png'
      ? await writer.document.embedPng(picture.bytes)
      : await writer.document.embedJpg(picture.bytes);
  writer.turn();
  const height = PAGE[1] - 2 * MARGIN - 60;
  const scale = Math.min(WIDTH / image.width, height / image.height, 1);
  const drawn = { width: image.width * scale, height: image.height * scale };
  writer.y -= drawn.height;
  writer.page.drawImage(image, { x: MARGIN, y: writer.y, ...drawn });
  if (picture.caption) writer.text(picture.caption, { color: QUIET });
}

function number(writer: Writer, report: Report): void {
  const pages = writer.document.getPages();
  for (const [index, page] of pages.entries()) {
    const words = t('Case {number}, page {page} of {pages}', {
      number: report.number,
      page: index + 1,
      pages: pages.length,
    });
    page.drawText(writable(words, writer.regular), {
      x: MARGIN,
      y: 32,
      size: 8.5,
      font: writer.regular,
      color: QUIET,
    });
  }
}
