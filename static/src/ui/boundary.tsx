import { Component, type ComponentChildren } from 'preact';
import { t } from '../i18n.ts';
import { Button } from './button.tsx';
import { Empty } from './feedback.tsx';

interface Props {
  /** Changes with the page: another page gets another chance. */
  place: string;
  children?: ComponentChildren;
}

interface State {
  failed: string | null;
}

/** A page that breaks says so and leaves the rest of the application, and every draft, standing. */
export class Boundary extends Component<Props, State> {
  override state: State = { failed: null };

  override componentDidCatch(error: unknown): void {
    this.setState({ failed: this.props.place });
    reportError(error);
  }

  override render() {
    if (this.state.failed !== this.props.place) return this.props.children;
    return (
      <main id="main" tabIndex={-1}>
        <Empty
          alone
          icon="warning"
          title={t('This page stopped working')}
          action={
            <Button kind="primary" icon="refresh" onClick={() => location.reload()}>
              {t('Reload the page')}
            </Button>
          }
        >
          {t(
            'Nothing you wrote is lost. Reload the page; if it happens again, tell your administrator.',
          )}
        </Empty>
      </main>
    );
  }
}
