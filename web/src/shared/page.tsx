/** The head every page has: where one is, what it is called, what can be done. */

import { Link, type LinkProps } from "@tanstack/react-router";
import { Fragment, type ReactNode } from "react";
import { Icon } from "~/ui/icons";

export interface Crumb {
  name: string;
  link?: LinkProps;
}

interface Props {
  crumbs: readonly Crumb[];
  title: ReactNode;
  actions?: ReactNode;
  children?: ReactNode;
}

export function PageHead({ crumbs, title, actions, children }: Props) {
  return (
    <header className="page-head">
      {crumbs.length > 0 && (
        <nav aria-label="Breadcrumbs" className="crumbs">
          {crumbs.map((crumb, index) => (
            <Fragment key={crumb.name}>
              {index > 0 && <Icon name="right" size={11} />}
              {crumb.link ? <Link {...crumb.link}>{crumb.name}</Link> : <span>{crumb.name}</span>}
            </Fragment>
          ))}
        </nav>
      )}
      <div className="title-row">
        {title}
        <span className="grow" />
        {actions && <div className="row wrap">{actions}</div>}
      </div>
      {children}
    </header>
  );
}
