-- What administrators say models cost, over the list that comes with the server (tracing/prices.csv).

CREATE TABLE model_price (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider    text COLLATE "C" NOT NULL DEFAULT '', -- of whom; '' is any
    model       text COLLATE "C" NOT NULL,            -- a name in lower case; * stands for anything
    input       double precision NOT NULL,            -- US dollars for a million tokens, as all of these
    output      double precision NOT NULL,
    cache_read  double precision,
    cache_write double precision,
    valid_from  bigint NOT NULL,                      -- spans that begin from then on, in epoch milliseconds
    note        text NOT NULL DEFAULT '',
    set_by      text NOT NULL,
    set_at      bigint NOT NULL,
    UNIQUE (provider, model, valid_from)
);
