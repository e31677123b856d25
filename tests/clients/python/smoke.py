"""What an integrator's first program does, in types that the OpenAPI document alone has told."""

import sys

from client import AuthenticatedClient, Client
from client.api.accounts import create_account, delete_account, get_account, list_accounts, update_account
from client.api.auth import get_me, login
from client.models import Account, AccountCreate, AccountPatch, Login, Problem


def main(base_url: str, username: str, password: str) -> None:
    anonymous = Client(base_url=base_url, headers={"accept-language": "en"})
    signed_in = login.sync(client=anonymous, body=Login(username=username, password=password))
    assert not isinstance(signed_in, Problem) and signed_in is not None, signed_in
    client = AuthenticatedClient(base_url=base_url, token=signed_in.access_token, headers={"accept-language": "en"})
    me = get_me.sync(client=client)
    assert not isinstance(me, Problem) and me is not None, me
    assert me.username == username

    body = AccountCreate(name="苏州平江丝绸有限公司", city="苏州", employees=120, annual_revenue="1250000.25")
    created = create_account.sync_detailed(client=client, body=body)
    account = created.parsed
    assert created.status_code == 201, created.content
    assert isinstance(account, Account)
    assert account.name == "苏州平江丝绸有限公司"
    assert account.annual_revenue == "1250000.25"

    page = list_accounts.sync(client=client, city="苏州", sort="-created_at", limit=10)
    assert page is not None and not isinstance(page, Problem)
    assert [a.id for a in page.data] == [account.id]

    version = f'"{account.version}"'
    changed = update_account.sync(account.id, client=client, body=AccountPatch(city="杭州"), if_match=version)
    assert isinstance(changed, Account), changed
    assert (changed.city, changed.version) == ("杭州", account.version + 1)

    stale = update_account.sync_detailed(account.id, client=client, body=AccountPatch(city="上海"), if_match=version)
    assert stale.status_code == 412
    assert isinstance(stale.parsed, Problem)
    assert (stale.parsed.code, stale.parsed.current_version) == ("stale", account.version + 1)

    refused = create_account.sync_detailed(client=client, body=AccountCreate(name="绍兴", email="nobody", website="nowhere"))
    assert refused.status_code == 422
    assert isinstance(refused.parsed, Problem)
    assert sorted(e.field for e in refused.parsed.errors) == ["email", "website"]

    assert delete_account.sync_detailed(account.id, client=client).status_code == 204
    assert get_account.sync_detailed(account.id, client=client).status_code == 404
    print("ok")


main(*sys.argv[1:4])
