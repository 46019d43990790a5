"""What a page owes to those who do not see it, touch it with a thumb, or hold a small screen."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
LEAST = 44
"""Points a thumb needs (WCAG 2.2, 2.5.5 Target Size)."""

RUN = """
async (rules) => {
  const options = rules ? { runOnly: { type: 'rule', values: rules } } : {};
  const { violations } = await axe.run(document, { ...options, resultTypes: ['violations'] });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.html.slice(0, 160)} `
      + [...node.any, ...node.all, ...node.none].map((check) => check.message).join('; ')));
}
"""
SMALL = """
(least) => {
  const controls = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [role=tab]';
  const found = [];
  for (const element of document.querySelectorAll(controls)) {
    if (!element.checkVisibility({ checkOpacity: true, visibilityProperty: true })) continue;
    if (element.closest('.visually-hidden, .skip, [inert]')) continue;
    const own = element.getBoundingClientRect();
    if (own.width <= 1 || own.height <= 1) continue;
    // A link inside a sentence has the height of its line (the standard's exception).
    const inText = element.tagName === 'A' && getComputedStyle(element).display === 'inline'
      && element.parentElement.textContent.trim() !== element.textContent.trim();
    if (inText) continue;
    // The whole label answers to a touch.
    const touched = element.closest('label') ?? element;
    const { width, height } = touched.getBoundingClientRect();
    if (width < least - 0.5 || height < least - 0.5) {
      found.push(`${Math.round(width)} × ${Math.round(height)}: ${element.outerHTML.slice(0, 160)}`);
    }
  }
  return found;
}
"""
TOO_WIDE = """
() => {
  const page = document.scrollingElement;
  if (page.scrollWidth <= page.clientWidth) return [];
  const beyond = [...document.querySelectorAll('body *')].filter(
    (element) => element.getBoundingClientRect().right > page.clientWidth + 1);
  return [`${page.scrollWidth} > ${page.clientWidth}: ${beyond.at(-1)?.outerHTML.slice(0, 160)}`];
}
"""

SETTLE = """
async () => {
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  for (const animation of document.getAnimations()) {
    if (animation.effect.getComputedTiming().iterations !== Infinity) animation.finish();
  }
}
"""
"""Colours change over a moment; what is judged is where they end."""


@lru_cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


def violations(page: Page, *rules: str) -> list[str]:
    """What axe-core finds; with `rules`, only those."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_axe())
    found: list[str] = page.evaluate(RUN, list(rules) or None)
    return found


def small_targets(page: Page) -> list[str]:
    found: list[str] = page.evaluate(SMALL, LEAST)
    return found


def sideways(page: Page) -> list[str]:
    """Why the page scrolls sideways, if it does."""
    found: list[str] = page.evaluate(TOO_WIDE)
    return found


def faults(page: Page, size: str) -> list[str]:
    """Everything at once, in light and in dark; on the narrowest screen only what is narrow."""
    found: list[str] = sideways(page)
    if size != "desktop":
        found += [f"too small to touch: {one}" for one in small_targets(page)]
    if size == "narrow":
        return found
    page.evaluate(SETTLE)
    found += violations(page)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.evaluate(SETTLE)
        if scheme == "dark":
            found += [f"in the dark, {one}" for one in violations(page, "color-contrast")]
    return found
