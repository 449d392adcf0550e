-- The peer: what a careful team would write on PostgreSQL alone. Money is moved under row locks taken in the order of
-- account numbers, so that no two calls can deadlock. A payment's id is judged under its payer's lock, so that two
-- calls with one id run one after the other and the second finds the first.

create table accounts (
  id bigint primary key,
  balance bigint not null check (balance >= 0),
  day_out bigint not null default 0,
  day_limit bigint not null,
  day date not null default current_date
) with (fillfactor = 60);

create table payments (
  id uuid primary key,
  payer bigint not null,
  payee bigint not null,
  amount bigint not null,
  outcome smallint not null
);

-- The journal has no index: it is only ever appended to here.
create table entries (
  payment uuid not null,
  account bigint not null,
  amount bigint not null
);

-- Outcomes: 0 accepted, 1 id reused with another body, 2 not a payment (amount or accounts), 3 account unknown,
-- 4 funds insufficient, 5 day limit passed.

create function pay(p_id uuid, p_payer bigint, p_payee bigint, p_amount bigint) returns smallint
language plpgsql as $$
declare
  v_payer accounts;
  v_known payments;
  v_day_out bigint;
  v_outcome smallint := 0;
begin
  if p_amount <= 0 or p_payer = p_payee then return 2; end if;
  if p_payer < p_payee then
    select * into v_payer from accounts where id = p_payer for no key update;
    if not found then return 3; end if;
    perform 1 from accounts where id = p_payee for no key update;
    if not found then return 3; end if;
  else
    perform 1 from accounts where id = p_payee for no key update;
    if not found then return 3; end if;
    select * into v_payer from accounts where id = p_payer for no key update;
    if not found then return 3; end if;
  end if;
  select * into v_known from payments where id = p_id;
  if found then
    if (v_known.payer, v_known.payee, v_known.amount) <> (p_payer, p_payee, p_amount) then return 1; end if;
    return v_known.outcome;
  end if;
  v_day_out := p_amount + case when v_payer.day = current_date then v_payer.day_out else 0 end;
  if v_payer.balance < p_amount then
    v_outcome := 4;
  elsif v_day_out > v_payer.day_limit then
    v_outcome := 5;
  else
    update accounts set balance = balance - p_amount, day_out = v_day_out, day = current_date where id = p_payer;
    update accounts set balance = balance + p_amount where id = p_payee;
    insert into entries values (p_id, p_payer, -p_amount), (p_id, p_payee, p_amount);
  end if;
  -- One id with two payers at the same time breaks the key: that call is rolled back and may be sent again.
  insert into payments values (p_id, p_payer, p_payee, p_amount, v_outcome);
  return v_outcome;
end $$;

-- Executes payments all of which can be paid, or ends with an error and leaves nothing: unique_violation at a known id,
-- JZ001 when a payer cannot pay all of theirs out of what they hold, an account is not there, or it is no payment.
-- Rows that nobody else wants are written first; the accounts are locked as a whole, as late as can be, since a batch
-- touches so many of them that locking row by row costs more than waiting does.
create function pay_set(p_ids uuid[], p_payers bigint[], p_payees bigint[], p_amounts bigint[]) returns void
language plpgsql as $$
declare
  v_sound boolean;
begin
  insert into payments
    select id, payer, payee, amount, 0 from unnest(p_ids, p_payers, p_payees, p_amounts) given(id, payer, payee, amount);
  insert into entries
    select id, unnest(array[payer, payee]), unnest(array[-amount, amount])
    from unnest(p_ids, p_payers, p_payees, p_amounts) given(id, payer, payee, amount);

  lock table accounts in exclusive mode;
  with moved as materialized (
    select account, sum(change)::bigint as change, sum(paid)::bigint as paid, bool_and(paid >= 0 and change <> 0) as sound
    from (
      select unnest(p_payers) as account, -unnest(p_amounts) as change, unnest(p_amounts) as paid
      union all select unnest(p_payees), unnest(p_amounts), 0
    ) each group by account
  ), done as (
    update accounts
    set balance = balance + change, day_out = case when day = current_date then day_out else 0 end + paid, day = current_date
    from moved where id = account
    returning sound and paid <= old.balance
      and paid <= day_limit - case when old.day = current_date then old.day_out else 0 end as sound
  )
  select bool_and(sound) and count(*) = (select count(*) from moved) into v_sound from done;
  if v_sound is distinct from true then raise exception 'not all can be paid' using errcode = 'JZ001'; end if;
end $$;

-- Up to 8,000 payments in one transaction, with the very outcomes of calling pay for each in the order given.
-- Mostly all of them can be paid. If not, a payer who can pay all of theirs out of what they hold is still judged as a
-- set, which is exact: what they receive meanwhile only helps. Payments from or to anyone else, and those that are not
-- payments, are walked through in order. Those two kinds do not touch each other's judgements. An id seen before makes
-- the whole batch walk, and so does an id that stands twice in a batch with both kinds.
create function pay_batch(p_ids uuid[], p_payers bigint[], p_payees bigint[], p_amounts bigint[]) returns smallint[]
language plpgsql as $$
declare
  v_count int := cardinality(p_ids);
  v_outcomes smallint[] := array_fill(0::smallint, array[cardinality(p_ids)]);
  v_short bigint[];
  v_walked int[];
  v_place int;
begin
  if v_count not between 1 and 8000 or v_count <> all(array[cardinality(p_payers), cardinality(p_payees), cardinality(p_amounts)])
  then raise exception 'a batch holds 1 to 8000 payments'; end if;
  if not exists (select from unnest(p_payers, p_payees) given(payer, payee) where payer = payee) then
    begin
      perform pay_set(p_ids, p_payers, p_payees, p_amounts);
      return v_outcomes;
    exception when unique_violation or check_violation or sqlstate 'JZ001' then
      null;
    end;
  end if;

  lock table accounts in exclusive mode;
  with wanted as (
    select account, sum(total) as total
    from (
      select unnest(p_payers) as account, greatest(unnest(p_amounts), 0) as total
      union all select unnest(p_payees), 0
    ) each group by account
  )
  select array_agg(wanted.account) into v_short
  from wanted left join accounts on id = wanted.account
  where id is null or wanted.total > least(balance, day_limit - case when day = current_date then day_out else 0 end);

  select array_agg(place order by place) into v_walked
  from unnest(p_payers, p_payees, p_amounts) with ordinality given(payer, payee, amount, place)
  where amount <= 0 or payer = payee or payer = any(v_short) or payee = any(v_short);

  begin
    if v_walked is null or (select count(distinct id) from unnest(p_ids) given(id)) < v_count then
      raise exception 'walk' using errcode = 'JZ001';
    end if;
    perform pay_set(array_agg(id), array_agg(payer), array_agg(payee), array_agg(amount))
    from unnest(p_ids, p_payers, p_payees, p_amounts) with ordinality given(id, payer, payee, amount, place)
    where place <> all(v_walked)
    having count(*) > 0;
  exception when unique_violation or sqlstate 'JZ001' then
    v_walked := array(select generate_series(1, v_count));
  end;
  foreach v_place in array v_walked loop
    v_outcomes[v_place] := pay(p_ids[v_place], p_payers[v_place], p_payees[v_place], p_amounts[v_place]);
  end loop;
  return v_outcomes;
end $$;
