"""Connect, look, call.

python examples/quickstart.py [URL]
"""

from _app import app_address

from gradwire import AppError, Client

with app_address() as address, Client.connect(address) as client:
    print(client.view_api())

    result = client.predict("/greet", name="Ada", excited=True)
    print(result.value, f"({result.duration:.3f} s on the server)")
    for log in result.logs:
        print(f"the app says: {log.log}")

    # The same as functions: with completion, help() and a real signature.
    print(client.api.divide(1, 4).value)
    try:
        client.api.divide(1, 0)
    except AppError as error:
        print(f"{error.title}: {error}")

    # State lives in the session: one client is one session.
    client.predict("/remember", item="milk")
    print(client.predict("/remember", item="bread").value)
