import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { Icon, type IconName } from "./icons";

interface Look {
  icon?: IconName;
  kind?: "plain" | "primary" | "danger" | "ghost";
  small?: boolean;
}

type ButtonProps = Look &
  Omit<ButtonHTMLAttributes<HTMLButtonElement>, "disabled"> & {
    /** Why it cannot be used now; shown to whoever asks. Empty or absent: it can. */
    blocked?: string | false;
    children?: ReactNode;
  };

function classes(look: Look, extra = ""): string {
  return `button ${look.kind ?? "plain"} ${look.small ? "small" : ""} ${extra}`.trim();
}

export function Button({ icon, kind, small, blocked, children, className, onClick, title, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={classes({ kind, small }, className)}
      aria-disabled={blocked ? true : undefined}
      title={blocked || title}
      onClick={blocked ? (event) => event.preventDefault() : onClick}
      {...rest}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** Only an icon: the label is for whoever cannot see it, and shows on hover. */
export function IconButton({ label, icon, kind = "ghost", ...rest }: ButtonProps & { label: string; icon: IconName }) {
  return <Button icon={icon} kind={kind} className="only-icon" aria-label={label} title={label} {...rest} />;
}

type AnchorProps = Look & AnchorHTMLAttributes<HTMLAnchorElement> & { ref?: Ref<HTMLAnchorElement> };

function Anchor({ icon, kind, small, children, ...rest }: AnchorProps) {
  return (
    <a {...rest} className={classes({ kind, small })}>
      {icon && <Icon name={icon} />}
      {children}
    </a>
  );
}

/** A link that looks like a button. */
export const LinkButton = createLink(Anchor);
