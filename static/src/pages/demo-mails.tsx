import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../i18n.ts';
import { Link } from '../router.ts';
import { api } from '../transport/http.ts';
import { DemoStrip } from '../ui/frame.tsx';
import { Empty, Gate, Problems, Waiting } from '../ui/index.ts';
import { useLoaded } from '../ui/use-loaded.ts';
import { dateTimeWord } from '../ui/words.ts';

interface Letter {
  id: number;
  recipient: string;
  subject: string;
  text: string;
  at: string;
}

const REFRESH = 5_000;

async function fetchLetters(): Promise<Letter[]> {
  return (await api<{ items: Letter[] }>('GET', '/demo/mails')).items;
}

/** Text with its addresses as links; ours stay inside the application. */
function Linked({ text }: { text: string }): JSX.Element {
  const pieces = text.split(/(https?:\/\/\S+)/);
  return (
    <p class="letter">
      {pieces.map((piece) => {
        if (!/^https?:\/\//.test(piece)) return piece;
        return (
          <a key={piece} href={piece}>
            {piece}
          </a>
        );
      })}
    </p>
  );
}

/** The demonstration's letter box: every mail the service would have sent. */
export default function DemoMails(): JSX.Element {
  const { value, error, reload } = useLoaded('letters', fetchLetters);
  useEffect(() => {
    const timer = setInterval(() => void reload(), REFRESH);
    return () => clearInterval(timer);
  }, [reload]);
  const letters = value.value;
  return (
    <Gate
      title={t('Mails of the demonstration')}
      lead={t('Nothing leaves this machine: what would be sent is shown here.')}
      top={<DemoStrip />}
      wide
      foot={<Link to="/">{t('Back to Cordée')}</Link>}
    >
      <Problems error={error.value} />
      {!letters && !error.value && <Waiting />}
      {letters?.length === 0 && (
        <Empty icon="mail" title={t('No mail yet')}>
          {t('Invite somebody or send a case: the mails it causes will show here.')}
        </Empty>
      )}
      {letters?.map((letter) => (
        <article key={letter.id} class="card stack" data-gap="small">
          <h2>{letter.subject}</h2>
          <p class="quiet small">
            {letter.recipient} · {dateTimeWord(letter.at)}
          </p>
          <Linked text={letter.text} />
        </article>
      ))}
    </Gate>
  );
}
