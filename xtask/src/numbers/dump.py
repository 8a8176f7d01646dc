"""Prints what the tables are made from, as JSON: python3 dump.py WHEEL_OF_PHONENUMBERS WHEEL_OF_TZDATA"""
import datetime
import json
import sys
import zipfile
import zoneinfo

sys.path[:0] = sys.argv[1:]
zoneinfo.reset_tzpath(to=[])
import phonenumbers
from phonenumbers import PhoneMetadata
from phonenumbers.timezone import TIMEZONE_DATA


def described(description):
    if description is None or description.national_number_pattern is None:
        return None
    return {
        "pattern": description.national_number_pattern,
        "lengths": [length for length in description.possible_length if length > 0],
    }


def region(name, metadata):
    return {
        "name": name,
        "code": metadata.country_code,
        "trunk": metadata.national_prefix or "",
        "all": described(metadata.general_desc),
        "premium": described(metadata.premium_rate),
        "fixed": described(metadata.fixed_line),
        "mobile": described(metadata.mobile),
    }


def own_zones():
    """The zones of each country, by the tz database."""
    with zipfile.ZipFile(sys.argv[2]) as wheel:
        table = wheel.read("tzdata/zoneinfo/zone.tab").decode()
    zones = {}
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            zones.setdefault(country, []).append(zone)
    return zones


HOURS = [
    datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(hours=12 * n)
    for n in range(2 * 365 * 2)
]


def rules(zone, known={}):
    """What a zone's clocks show over two years: zones with the same rules are one to whoever calls."""
    if zone not in known:
        clock = zoneinfo.ZoneInfo(zone)
        known[zone] = tuple(hour.astimezone(clock).utcoffset() for hour in HOURS)
    return known[zone]


def plain(prefix, zones, own):
    """One zone for each of the clocks: the country's own where it has one that shows the same."""
    countries = next(
        phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(prefix[:n])]
        for n in (3, 2, 1)
        if int(prefix[:n]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    )
    ours = [zone for country in countries for zone in own.get(country, [])]
    kept = {}
    for zone in zones:
        same = [other for other in ours if rules(other) == rules(zone)]
        exact = [zone] if zone in ours else same
        kept.setdefault(rules(zone), (exact or [zone])[0])
    return sorted(set(kept.values()))


own = own_zones()
regions = [
    region(name, PhoneMetadata.metadata_for_region(name, None))
    for name in sorted(phonenumbers.SUPPORTED_REGIONS)
]
for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
    regions.append(region("001", PhoneMetadata.metadata_for_nongeo_region(code, None)))
json.dump(
    {
        "version": phonenumbers.__version__,
        "regions": regions,
        "zones": {
            prefix: plain(prefix, zones, own)
            for prefix, zones in sorted(TIMEZONE_DATA.items())
            if zones != ("Etc/Unknown",)
        },
    },
    sys.stdout,
)
