import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n.ts';
import { goBack } from '../router.ts';
import { Icon } from './icon.tsx';
import { Knot, Ridge } from './knot.tsx';

/** Name the browser's tab, and move a screen reader to the new page's heading. */
function useHeading(title: string, quietFocus = false) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = title ? `${title} · Cordée` : 'Cordée';
  }, [title]);
  useEffect(() => {
    // A form that focuses its first field has already said where one is.
    if (!quietFocus && !heading.current?.closest('main')?.contains(document.activeElement)) {
      heading.current?.focus({ preventScroll: true });
    }
  }, [quietFocus]);
  return heading;
}

export interface PageProps {
  title: string;
  lead?: ComponentChildren;
  /** Path to go back to when the person came from outside. */
  back?: string;
  width?: 'narrow' | 'normal' | 'wide' | 'full';
  actions?: ComponentChildren;
  /** The title is there for screen readers and the tab only. */
  hideTitle?: boolean;
  children?: ComponentChildren;
}

/** A page of the signed-in application: one heading, one column. */
export function Page({
  title,
  lead,
  back,
  width = 'normal',
  actions,
  hideTitle = false,
  children,
}: PageProps): JSX.Element {
  const heading = useHeading(title);
  return (
    <div class="page" data-width={width}>
      {back && (
        <a
          class="back"
          href={back}
          onClick={(event) => {
            event.preventDefault();
            goBack(back);
          }}
        >
          <Icon name="back" />
          {t('Back')}
        </a>
      )}
      {hideTitle ? (
        <h1 class="visually-hidden" ref={heading} tabIndex={-1}>
          {title}
        </h1>
      ) : (
        <div class="page-head">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {actions && <div class="row">{actions}</div>}
          {lead && <div class="lead">{lead}</div>}
        </div>
      )}
      {children}
    </div>
  );
}

/** A page before one is in: the sign, one question, the mountains. */
export function Gate({
  title,
  lead,
  top,
  wide = false,
  foot,
  children,
}: {
  title: string;
  lead?: ComponentChildren;
  /** Above everything, such as the demonstration's banner. */
  top?: ComponentChildren;
  wide?: boolean;
  foot?: ComponentChildren;
  children?: ComponentChildren;
}): JSX.Element {
  const heading = useHeading(title);
  return (
    <div class="gate">
      {top}
      <main id="main" class="gate-inner" data-wide={wide || undefined} tabIndex={-1}>
        <div class="gate-brand">
          <Knot />
          <p>Cordée</p>
        </div>
        <div class="stack">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <div class="quiet">{lead}</div>}
          {children}
        </div>
        {foot && <div class="gate-foot">{foot}</div>}
      </main>
      <Ridge />
    </div>
  );
}
