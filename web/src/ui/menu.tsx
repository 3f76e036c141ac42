import { type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { Button } from "./button";
import type { IconName } from "./icons";
import { Icon } from "./icons";

interface MenuProps {
  label: ReactNode;
  /** For an icon alone. */
  name?: string;
  icon?: IconName;
  kind?: "plain" | "ghost";
  small?: boolean;
  align?: "start" | "end";
  children: (close: () => void) => ReactNode;
  panel?: boolean;
  /** Above whatever scrolls around it, for menus in tables. */
  floating?: boolean;
}

/** A button and what opens below it. Escape, a click elsewhere or a choice closes it; arrows move inside. */
export function Menu({ label, name, icon, kind = "plain", small, align = "start", children, panel, floating }: MenuProps) {
  const [open, setOpen] = useState(false);
  const ref = useRef<HTMLDivElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    const outside = (event: PointerEvent) => {
      if (!ref.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    ref.current?.querySelector<HTMLElement>(".menu-panel input, .menu-panel button, .menu-panel a")?.focus();
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
  useLayoutEffect(() => {
    const drawn = ref.current?.querySelector<HTMLElement>(".menu-panel");
    if (!open || !floating || !ref.current || !drawn) return;
    const button = ref.current.getBoundingClientRect();
    const below = button.bottom + 4 + drawn.offsetHeight <= window.innerHeight;
    drawn.style.position = "fixed";
    drawn.style.top = `${below ? button.bottom + 4 : Math.max(4, button.top - 4 - drawn.offsetHeight)}px`;
    drawn.style.right = `${window.innerWidth - button.right}px`;
    const shut = (event: Event) => {
      if (!drawn.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("scroll", shut, true);
    return () => document.removeEventListener("scroll", shut, true);
  }, [open, floating]);
  const close = () => {
    setOpen(false);
    ref.current?.querySelector<HTMLElement>("button")?.focus();
  };
  const move = (event: React.KeyboardEvent) => {
    if (!open) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const items = [...(ref.current?.querySelectorAll<HTMLElement>(".menu-panel .menu-item") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    items[(at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length]?.focus();
    event.preventDefault();
  };
  return (
    // The keys belong to the buttons inside; this only hears them on their way up.
    <div className="menu" ref={ref} onKeyDown={move} role="presentation">
      <Button
        icon={icon}
        kind={kind}
        small={small}
        className={label ? "" : "only-icon"}
        aria-label={typeof label === "string" && label && name ? `${name}: ${label}` : name}
        title={name}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {label}
        {label && <Icon name="down" size={12} />}
      </Button>
      {open && (
        <div id={id} className={`menu-panel ${align} ${panel ? "wide" : ""}`}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

interface ItemProps {
  icon?: IconName;
  children: ReactNode;
  onClick: () => void;
  danger?: boolean;
  chosen?: boolean;
  blocked?: string | false;
}

export function MenuItem({ icon, children, onClick, danger, chosen, blocked }: ItemProps) {
  return (
    <button
      type="button"
      className={danger ? "menu-item danger" : "menu-item"}
      aria-disabled={blocked ? true : undefined}
      aria-pressed={chosen}
      title={blocked || undefined}
      onClick={blocked ? undefined : onClick}
    >
      {icon && <Icon name={icon} />}
      <span className="grow">{children}</span>
      {chosen && <Icon name="check" />}
    </button>
  );
}
